package io.mgnm.simulator.machine;

/**
 * How often each instruction was issued, and for how many lanes in all. Runs of instructions are
 * noted by their ends only; the counts are sums from the first instruction on.
 */
public final class Issued {
  private final long[] warpSteps;
  private final long[] laneSteps;

  Issued(int instructions) {
    warpSteps = new long[instructions + 1];
    laneSteps = new long[instructions + 1];
  }

  /** The instructions {@code from} to {@code to} are issued for these lanes. */
  void add(int from, int to, int lanes) {
    int count = Integer.bitCount(lanes);
    warpSteps[from]++;
    warpSteps[to]--;
    laneSteps[from] += count;
    laneSteps[to] -= count;
  }

  /** One of them does nothing for these lanes. */
  void withoutLanes(int instruction, int lanes) {
    int count = Integer.bitCount(lanes);
    laneSteps[instruction] -= count;
    laneSteps[instruction + 1] += count;
  }

  /** By instruction: how often issued. */
  public long[] warps() {
    return sums(warpSteps);
  }

  /** By instruction: the lanes that took part, summed. */
  public long[] lanes() {
    return sums(laneSteps);
  }

  private static long[] sums(long[] steps) {
    long[] result = new long[steps.length - 1];
    long sum = 0;
    for (int i = 0; i < result.length; i++) {
      sum += steps[i];
      result[i] = sum;
    }
    return result;
  }
}
