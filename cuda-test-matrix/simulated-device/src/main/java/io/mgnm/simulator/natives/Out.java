package io.mgnm.simulator.natives;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Values that a C function writes through, or reads from, the pointers it was given. */
public final class Out {
  private Out() {}

  public static boolean isNull(MemorySegment pointer) {
    return pointer.address() == 0;
  }

  public static void putInt(MemorySegment pointer, int value) {
    pointer.set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
  }

  public static void putLong(MemorySegment pointer, long value) {
    pointer.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
  }

  public static void putFloat(MemorySegment pointer, float value) {
    pointer.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, value);
  }

  /** Writes what the caller asked for, and nothing where it passed NULL. */
  public static void putIntIfAsked(MemorySegment pointer, int value) {
    if (!isNull(pointer)) {
      putInt(pointer, value);
    }
  }

  /** As {@link #putIntIfAsked}. */
  public static void putLongIfAsked(MemorySegment pointer, long value) {
    if (!isNull(pointer)) {
      putLong(pointer, value);
    }
  }

  /** A string of at most {@code capacity} bytes with its end; longer text is cut. */
  public static void putText(MemorySegment pointer, long capacity, String text) {
    if (capacity <= 0) {
      return;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = (int) Math.min(bytes.length, capacity - 1);
    MemorySegment.copy(bytes, 0, pointer, ValueLayout.JAVA_BYTE, 0, length);
    pointer.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
  }

  public static int getInt(MemorySegment pointer) {
    return pointer.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
  }

  public static int getInt(MemorySegment pointer, long index) {
    return pointer.get(ValueLayout.JAVA_INT_UNALIGNED, index * 4);
  }

  public static long getLong(MemorySegment pointer, long index) {
    return pointer.get(ValueLayout.JAVA_LONG_UNALIGNED, index * 8);
  }

  public static float getFloat(MemorySegment pointer) {
    return pointer.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
  }
}
