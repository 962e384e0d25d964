package io.mgnm.simulator.memory;

/**
 * For each granule of an allocation, the block that wrote it and the block that read it in the
 * present launch. Entries are stamps: a launch's base plus the block's index, so that entries of
 * earlier launches are older than the base and need no clearing.
 */
public final class BlockOwnership {
  private final int granuleShift;
  private final int[] writer;
  private final int[] reader;
  private final int[] touched;

  BlockOwnership(long bytes, int granuleShift) {
    this.granuleShift = granuleShift;
    int granules = Math.toIntExact(bytes >>> granuleShift);
    writer = new int[granules];
    reader = new int[granules];
    touched = new int[Math.toIntExact((bytes + 31) / 32)];
  }

  /** log2 of the bytes that share one entry: 2, or less where the kernel accesses less. */
  public int granuleShift() {
    return granuleShift;
  }

  public int[] writer() {
    return writer;
  }

  public int[] reader() {
    return reader;
  }

  /** By 32-byte sector: the launch that touched it last, as its first stamp. */
  public int[] touched() {
    return touched;
  }
}
