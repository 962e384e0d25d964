package io.mgnm.simulator.machine;

import java.util.Arrays;

/** What registers of a warp have in common over all 32 lanes. */
public final class Lanes {
  private static final int REST = Warp.LANES - 1;

  private Lanes() {}

  /**
   * Whether all lanes hold the same value. Each is compared with its neighbour, by the JVM's own
   * vector code.
   */
  public static boolean uniform(int[] r, int place) {
    return r[place] == r[place + REST]
        && Arrays.equals(r, place, place + REST, r, place + 1, place + Warp.LANES);
  }

  /** The same for 64-bit registers. */
  public static boolean uniform(long[] q, int place) {
    return q[place] == q[place + REST]
        && Arrays.equals(q, place, place + REST, q, place + 1, place + Warp.LANES);
  }
}
