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
  private int[] atomic = {};

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

  /** By granule: the block that changed it last by an atomic or ordered access; empty if none. */
  public int[] atomic() {
    return atomic;
  }

  /** A block changes a granule by an atomic or ordered access. */
  public void markAtomic(int granule, int stamp) {
    if (atomic.length == 0) {
      atomic = new int[writer.length];
    }
    atomic[granule] = stamp;
  }

  /**
   * Takes the marks of a launch from another, made by a part of its blocks.
   *
   * @param base first stamp of the launch
   * @param several the stamp for more than one block
   */
  public void absorb(BlockOwnership part, int base, int several) {
    for (int g = 0; g < writer.length; g++) {
      writer[g] = Math.max(writer[g], part.writer[g]);
      if (part.reader[g] >= base) {
        boolean alone = reader[g] < base || reader[g] == part.reader[g];
        reader[g] = alone ? part.reader[g] : several;
      }
    }
    for (int s = 0; s < touched.length; s++) {
      touched[s] = Math.max(touched[s], part.touched[s]);
    }
  }
}
