package io.mgnm.simulator.machine;

/**
 * When and by whom a granule of shared memory was touched, in one long: time, then whether the
 * access was atomic, then the warp, then the lane.
 *
 * <p>Time advances with every synchronisation in the block. The block is simulated by one host
 * thread, so one clock orders all accesses; whether the kernel orders two of them as well is asked
 * of {@link Block#ordered}.
 */
final class Stamps {
  /** Stands for "more than one lane of the warp". */
  static final int SEVERAL = 63;

  static final long ATOMIC = 1L << 11;

  /** The bits that say which thread, and whether it was atomic. */
  static final long WHO = (1L << 12) - 1;

  private static final int TIME_SHIFT = 12;

  private Stamps() {}

  static long of(long time, int warp, int lane) {
    return time << TIME_SHIFT | (long) warp << 6 | lane;
  }

  static long time(long stamp) {
    return stamp >>> TIME_SHIFT;
  }

  static int warp(long stamp) {
    return (int) (stamp >>> 6) & 31;
  }

  static int lane(long stamp) {
    return (int) stamp & 63;
  }

  static boolean atomic(long stamp) {
    return (stamp & ATOMIC) != 0;
  }
}
