package io.mgnm.simulator.count;

/**
 * Blocks of a kernel that an SM can hold at once, and what limits them.
 *
 * @param blocksPerSm resident blocks; 0 where not even one fits
 * @param warpsPerSm resident warps
 * @param fraction of the warps that the SM could hold
 */
public record Occupancy(int blocksPerSm, int warpsPerSm, double fraction) {
  private static final int WARP = 32;

  /** Registers are given to warps in pieces of 256. */
  private static final int REGISTER_UNIT = 256;

  /** Warps get their registers in fours, one for each scheduler. */
  private static final int SCHEDULERS = 4;

  /**
   * @param threads threads of a block
   * @param registers registers of a thread, from the compiler's log
   * @param sharedBytes shared memory of a block, static and dynamic
   */
  public static Occupancy of(Gpu gpu, int threads, int registers, int sharedBytes) {
    int warps = (threads + WARP - 1) / WARP;
    int blocks = Math.min(gpu.blocksPerSm(), gpu.warpsPerSm() / warps);
    if (registers > 0) {
      int perWarp = (registers * WARP + REGISTER_UNIT - 1) / REGISTER_UNIT * REGISTER_UNIT;
      int warpsByRegisters = Gpu.REGISTERS_PER_SM / perWarp / SCHEDULERS * SCHEDULERS;
      blocks = Math.min(blocks, warpsByRegisters / warps);
    }
    int unit = gpu.capability() >= 80 ? 128 : 256;
    int shared = (sharedBytes + gpu.reservedShared() + unit - 1) / unit * unit;
    if (shared > 0) {
      blocks = Math.min(blocks, gpu.sharedPerSm() / shared);
    }
    int resident = blocks * warps;
    return new Occupancy(blocks, resident, (double) resident / gpu.warpsPerSm());
  }
}
