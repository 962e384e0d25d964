package io.mgnm.cuda;

/**
 * How many threads a launch has.
 *
 * @param gridX blocks in x
 * @param gridY blocks in y
 * @param gridZ blocks in z
 * @param blockX threads of a block in x
 * @param blockY threads of a block in y
 * @param blockZ threads of a block in z
 * @param sharedBytes dynamic shared memory of a block
 */
public record LaunchShape(
    int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes) {
  private static final int MOST_Y_OR_Z_BLOCKS = 65_535;
  private static final int MOST_Z_THREADS = 64;

  /** One dimension, no dynamic shared memory. */
  public static LaunchShape of(int blocks, int threads) {
    return new LaunchShape(blocks, 1, 1, threads, 1, 1, 0);
  }

  /** The same with dynamic shared memory. */
  public LaunchShape withShared(int bytes) {
    return new LaunchShape(gridX, gridY, gridZ, blockX, blockY, blockZ, bytes);
  }

  /** What is wrong with it on any device; empty where nothing is. */
  String fault() {
    if (gridX < 1 || gridY < 1 || gridZ < 1) {
      return "a grid needs a block at least: with nothing to do, do not launch";
    }
    if (gridY > MOST_Y_OR_Z_BLOCKS || gridZ > MOST_Y_OR_Z_BLOCKS) {
      return "a grid has at most 65535 blocks in y and in z";
    }
    if (blockX < 1 || blockY < 1 || blockZ < 1 || blockZ > MOST_Z_THREADS) {
      return "a block has 1 thread at least in each direction, and 64 at most in z";
    }
    return sharedBytes < 0 ? "shared memory must not be negative" : "";
  }

  /** Threads of a block. */
  long threads() {
    return (long) blockX * blockY * blockZ;
  }

  @Override
  public String toString() {
    return "grid %dx%dx%d, block %dx%dx%d, shared %d"
        .formatted(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes);
  }
}
