package io.mgnm.simulator.memory;

import java.util.Arrays;

/**
 * One device allocation: {@code size} bytes from {@code base}.
 *
 * <p>Bytes are kept little-endian in 32-bit words; {@code written[w]} holds one bit for each of the
 * four bytes of word {@code w}. Both arrays appear with the first touch, so that an untouched
 * allocation costs nothing. A freed allocation keeps its address range, never given out again, and
 * drops its bytes.
 */
public final class Allocation {
  private final long base;
  private final long size;
  private final String label;
  private final boolean readOnly;
  private boolean live = true;
  private int[] words;
  private byte[] written;
  private BlockOwnership ownership;

  Allocation(long base, long size, String label, boolean readOnly) {
    this.base = base;
    this.size = size;
    this.label = label;
    this.readOnly = readOnly;
  }

  public long base() {
    return base;
  }

  /** Bytes asked for. */
  public long size() {
    return size;
  }

  /** What the allocation is, for reports: a name given by who allocated it. */
  public String label() {
    return label;
  }

  /** Whether kernels may not write it (constant memory). */
  public boolean readOnly() {
    return readOnly;
  }

  public boolean live() {
    return live;
  }

  public boolean contains(long address, long bytes) {
    return address >= base && bytes <= size && address - base <= size - bytes;
  }

  /** The bytes as little-endian words, the last one padded. */
  public int[] words() {
    if (words == null) {
      materialise();
    }
    return words;
  }

  /** One byte a word; bit {@code b} says that byte {@code b} of the word has been written. */
  public byte[] written() {
    if (written == null) {
      materialise();
    }
    return written;
  }

  /**
   * Whether every byte has been written. Never becomes false again, save by a copy of unwritten
   * bytes.
   */
  public boolean fullyWritten() {
    byte[] mask = written();
    int whole = (int) (size / 4);
    for (int i = 0; i < whole; i++) {
      if (mask[i] != 15) {
        return false;
      }
    }
    int rest = (1 << (size & 3)) - 1;
    return (size & 3) == 0 || (mask[whole] & rest) == rest;
  }

  /** Which block touched what in the present launch, at this granule; made afresh if it differs. */
  public BlockOwnership ownership(int granuleShift) {
    if (ownership == null || ownership.granuleShift() != granuleShift) {
      ownership = newOwnership(granuleShift);
    }
    return ownership;
  }

  /** The same as far as a launch has made it; null before the first. */
  public BlockOwnership ownership() {
    return ownership;
  }

  /** One that no other launch knows. */
  public BlockOwnership newOwnership(int granuleShift) {
    return new BlockOwnership((size + 3) / 4 * 4, granuleShift);
  }

  /** A copy of the bytes and of which are written, to go back to. */
  public Snapshot snapshot() {
    return new Snapshot(words().clone(), written().clone());
  }

  /** Bytes of an allocation at some time. */
  public final class Snapshot {
    private final int[] savedWords;
    private final byte[] savedWritten;

    private Snapshot(int[] savedWords, byte[] savedWritten) {
      this.savedWords = savedWords;
      this.savedWritten = savedWritten;
    }

    /** Puts the bytes back as they were. */
    public void restore() {
      System.arraycopy(savedWords, 0, words, 0, words.length);
      System.arraycopy(savedWritten, 0, written, 0, written.length);
    }
  }

  void forgetOwnership() {
    ownership = null;
  }

  void release() {
    live = false;
    words = null;
    written = null;
    ownership = null;
  }

  private synchronized void materialise() {
    if (words != null) {
      return;
    }
    if (!live) {
      throw new IllegalStateException(this + " is freed");
    }
    int count = Math.toIntExact((size + 3) / 4);
    written = new byte[count];
    words = new int[count];
  }

  byte getByte(long offset) {
    return (byte) (words()[(int) (offset >>> 2)] >>> ((offset & 3) * 8));
  }

  void putByte(long offset, byte value) {
    int word = (int) (offset >>> 2);
    int shift = (int) (offset & 3) * 8;
    words()[word] = (words[word] & ~(0xff << shift)) | (value & 0xff) << shift;
  }

  boolean isWritten(long offset) {
    return (written()[(int) (offset >>> 2)] >>> (offset & 3) & 1) != 0;
  }

  /** The first byte of the range that was never written, or -1. */
  long firstUnwritten(long offset, long bytes) {
    byte[] mask = written();
    long end = offset + bytes;
    for (long at = offset; at < end; at = (at | 3) + 1) {
      if (mask[(int) (at >>> 2)] != 15) {
        for (long b = at; b < Math.min(end, (at | 3) + 1); b++) {
          if (!isWritten(b)) {
            return b;
          }
        }
      }
    }
    return -1;
  }

  void setWritten(long offset, long bytes, boolean value) {
    long end = offset + bytes;
    while (offset < end && (offset & 3) != 0) {
      setWrittenByte(offset++, value);
    }
    while (end > offset && (end & 3) != 0) {
      setWrittenByte(--end, value);
    }
    if (end > offset) {
      byte mask = (byte) (value ? 15 : 0);
      Arrays.fill(written(), (int) (offset >>> 2), (int) (end >>> 2), mask);
    }
  }

  private void setWrittenByte(long offset, boolean value) {
    int word = (int) (offset >>> 2);
    int bit = 1 << (offset & 3);
    written()[word] = (byte) (value ? written[word] | bit : written[word] & ~bit);
  }

  @Override
  public String toString() {
    return String.format("%s [0x%x, %d bytes%s]", label, base, size, live ? "" : ", freed");
  }
}
