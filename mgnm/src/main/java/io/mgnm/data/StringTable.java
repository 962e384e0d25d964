package io.mgnm.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * Strings by index, memory-mapped: UTF-8 bytes end to end, offsets, and where look-up by string is
 * wanted the indices in order of their strings' bytes, searched by halving. Nothing is on the heap.
 */
final class StringTable {
  private final MemorySegment bytes;
  private final MemorySegment offsets;
  private final MemorySegment order;

  /**
   * A table over mapped files.
   *
   * @param bytes all strings in UTF-8
   * @param offsets string i is bytes [offsets[i], offsets[i + 1]), 64-bit
   * @param order indices sorted by the unsigned bytes of their strings, or null
   */
  StringTable(MemorySegment bytes, MemorySegment offsets, MemorySegment order) {
    this.bytes = bytes;
    this.offsets = offsets;
    this.order = order;
  }

  int size() {
    return (int) (offsets.byteSize() / Long.BYTES - 1);
  }

  String get(int index) {
    MemorySegment slice = slice(index);
    return new String(slice.toArray(ValueLayout.JAVA_BYTE), UTF_8);
  }

  OptionalInt find(String string) {
    MemorySegment wanted = MemorySegment.ofArray(string.getBytes(UTF_8));
    int low = 0;
    int high = size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int index = order.getAtIndex(FlatFiles.INT, middle);
      int comparison = compare(slice(index), wanted);
      if (comparison == 0) {
        return OptionalInt.of(index);
      } else if (comparison < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return OptionalInt.empty();
  }

  private MemorySegment slice(int index) {
    long from = offsets.getAtIndex(FlatFiles.LONG, index);
    return bytes.asSlice(from, offsets.getAtIndex(FlatFiles.LONG, index + 1L) - from);
  }

  private static int compare(MemorySegment a, MemorySegment b) {
    long mismatch = a.mismatch(b);
    if (mismatch < 0) {
      return 0;
    }
    if (mismatch == a.byteSize() || mismatch == b.byteSize()) {
      return Long.compare(a.byteSize(), b.byteSize());
    }
    return Integer.compare(
        Byte.toUnsignedInt(a.get(ValueLayout.JAVA_BYTE, mismatch)),
        Byte.toUnsignedInt(b.get(ValueLayout.JAVA_BYTE, mismatch)));
  }

  /** Writes strings one after the other into a bytes and an offsets file. */
  static final class Writer implements AutoCloseable {
    private final FlatFiles.Writer bytes;
    private final FlatFiles.Writer offsets;
    private long end;

    Writer(Path bytesFile, Path offsetsFile) throws IOException {
      bytes = new FlatFiles.Writer(bytesFile);
      try {
        offsets = new FlatFiles.Writer(offsetsFile);
      } catch (IOException e) {
        bytes.close();
        throw e;
      }
      offsets.putLong(0);
    }

    void add(String string) throws IOException {
      byte[] utf8 = string.getBytes(UTF_8);
      bytes.putBytes(utf8);
      end = Math.addExact(end, utf8.length);
      offsets.putLong(end);
    }

    List<Manifest.DataFile> finish() throws IOException {
      return List.of(bytes.finish(), offsets.finish());
    }

    @Override
    public void close() throws IOException {
      try (bytes) {
        offsets.close();
      }
    }
  }
}
