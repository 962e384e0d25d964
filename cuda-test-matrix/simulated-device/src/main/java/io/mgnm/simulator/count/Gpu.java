package io.mgnm.simulator.count;

/**
 * What the estimate and the occupancy need to know of a GPU. Limits of blocks and warps are those
 * of the CUDA C++ Programming Guide's table of compute capabilities, multiprocessors, clocks,
 * caches and bandwidth of memory those of the boards' published specifications. Bandwidths of L2
 * are assumed: NVIDIA names none, and what others measured differs by a factor of two.
 *
 * @param name as NVIDIA names it
 * @param capability compute capability, 90 for 9.0
 * @param sms multiprocessors
 * @param clock boost clock, Hz; the H100's is set below the 1.98 GHz that its board allows
 * @param dramBytesPerSecond bandwidth of device memory
 * @param l2BytesPerSecond bandwidth of the L2 cache; assumed, a rough figure
 * @param l2Bytes size of the L2 cache
 * @param warpsPerSm resident warps at most
 * @param blocksPerSm resident blocks at most
 * @param sharedPerSm shared memory of an SM, bytes
 * @param specialLanes MUFU results of an SM in a cycle
 */
public record Gpu(
    String name,
    int capability,
    int sms,
    double clock,
    double dramBytesPerSecond,
    double l2BytesPerSecond,
    long l2Bytes,
    int warpsPerSm,
    int blocksPerSm,
    int sharedPerSm,
    int specialLanes) {
  public static final int REGISTERS_PER_SM = 65536;

  /** Shared memory that the system keeps for each block from compute capability 8.0 on. */
  private static final int RESERVED_SHARED = 1024;

  public static final Gpu T4 =
      new Gpu("Tesla T4", 75, 40, 1.590e9, 320e9, 1.27e12, 4L << 20, 32, 16, 64 << 10, 16);
  public static final Gpu A100 =
      new Gpu(
          "A100 SXM4 40 GB", 80, 108, 1.410e9, 1555e9, 5.1e12, 40L << 20, 64, 32, 164 << 10, 16);
  public static final Gpu RTX_3090 =
      new Gpu("GeForce RTX 3090", 86, 82, 1.695e9, 936e9, 3.0e12, 6L << 20, 48, 16, 100 << 10, 16);
  public static final Gpu H100 =
      new Gpu("H100 SXM5", 90, 132, 1.755e9, 3.35e12, 5.5e12, 50L << 20, 64, 32, 228 << 10, 16);

  public int reservedShared() {
    return capability >= 80 ? RESERVED_SHARED : 0;
  }
}
