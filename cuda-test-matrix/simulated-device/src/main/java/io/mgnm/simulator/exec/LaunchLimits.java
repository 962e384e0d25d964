package io.mgnm.simulator.exec;

/** What a device refuses before a kernel begins. */
final class LaunchLimits {
  private LaunchLimits() {}

  static void check(Launch launch) {
    Kernel kernel = launch.kernel;
    int[] block = launch.block;
    int[] grid = launch.grid;
    for (int i = 0; i < 3; i++) {
      require(block[i] > 0 && grid[i] > 0, launch, "a dimension is not positive");
    }
    long threads = (long) block[0] * block[1] * block[2];
    require(
        threads <= ComputeCapability.MAX_THREADS_PER_BLOCK && block[2] <= 64,
        launch,
        threads + " threads in a block");
    require(grid[1] <= 65535 && grid[2] <= 65535, launch, "the grid is too large in y or z");
    require(
        (long) grid[0] * grid[1] * grid[2] < Integer.MAX_VALUE / 2,
        launch,
        "more blocks than are simulated");
    int[] required = kernel.function().requiredBlock();
    require(
        required == null
            || (required[0] == block[0] && required[1] == block[1] && required[2] == block[2]),
        launch,
        "the kernel requires another block (.reqntid)");
    int[] max = kernel.function().maxBlock();
    require(
        max == null || threads <= (long) max[0] * max[1] * max[2],
        launch,
        "the kernel allows fewer threads (.maxntid)");
    int shared =
        launch.dynamicShared > 0
            ? kernel.program.dynamicOffset() + launch.dynamicShared
            : kernel.staticSharedBytes();
    int limit = kernel.module().capability().maxSharedBytesPerBlock();
    require(
        launch.dynamicShared >= 0 && shared <= limit,
        launch,
        String.format("%d bytes of shared memory; a block may have %d", shared, limit));
    require(
        kernel.staticSharedBytes() <= ComputeCapability.DEFAULT_SHARED_BYTES,
        launch,
        "more than 48 KB of static shared memory");
    require(
        launch.parameters.length == kernel.function().parameterBytes(),
        launch,
        String.format(
            "%d bytes of parameters; the kernel has %d",
            launch.parameters.length, kernel.function().parameterBytes()));
  }

  private static void require(boolean condition, Launch launch, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(
          String.format(
              "launch of %s, grid (%d,%d,%d), block (%d,%d,%d): %s",
              launch.kernel.name(),
              launch.grid[0],
              launch.grid[1],
              launch.grid[2],
              launch.block[0],
              launch.block[1],
              launch.block[2],
              otherwise));
    }
  }
}
