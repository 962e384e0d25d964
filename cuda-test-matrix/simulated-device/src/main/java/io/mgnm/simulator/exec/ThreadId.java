package io.mgnm.simulator.exec;

/** A thread: its block's index in the grid and its own in the block. */
public record ThreadId(int blockX, int blockY, int blockZ, int x, int y, int z) {
  @Override
  public String toString() {
    return String.format("block (%d,%d,%d) thread (%d,%d,%d)", blockX, blockY, blockZ, x, y, z);
  }
}
