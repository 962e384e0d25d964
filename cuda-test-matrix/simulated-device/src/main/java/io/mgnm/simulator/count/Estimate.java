package io.mgnm.simulator.count;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An estimate of a launch's time on a named GPU: the largest of the times that each resource would
 * need alone, plus the cost of a graph node. It knows nothing of cache hits between blocks beyond
 * "each sector comes from DRAM once", nor of contention; it says what a kernel is bound by, and is
 * no measurement.
 *
 * @param seconds the estimate
 * @param boundBy the resource that decides
 * @param parts seconds by resource
 */
public record Estimate(double seconds, String boundBy, Map<String, Double> parts) {
  private static final double NODE_SECONDS = 2e-6;
  private static final String CHAIN = "longest chain";
  private static final int SECTOR = 32;
  private static final int SCHEDULERS = 4;
  private static final int WARP = 32;

  /**
   * @param scale blocks of the grid over blocks counted: 1 unless the launch was sampled
   * @param blocks blocks of the grid
   */
  public static Estimate of(
      Counters counters, double scale, long blocks, Occupancy occupancy, Gpu gpu) {
    if (occupancy.blocksPerSm() == 0) {
      throw new IllegalArgumentException("the kernel does not fit " + gpu.name());
    }
    double cycles = gpu.clock() * gpu.sms();
    Map<String, Double> parts = new LinkedHashMap<>();
    parts.put("DRAM", scale * counters.touchedSectors() * SECTOR / gpu.dramBytesPerSecond());
    parts.put(
        "L2",
        scale
            * (counters.loadSectors() + counters.storeSectors())
            * SECTOR
            / gpu.l2BytesPerSecond());
    parts.put("issue", scale * counters.warpInstructionsTotal() / (cycles * SCHEDULERS));
    double special = counters.warpInstructions().getOrDefault(InstructionClass.SPECIAL, 0L);
    parts.put("MUFU", scale * special * WARP / (cycles * gpu.specialLanes()));
    parts.put("shared memory", scale * counters.sharedWavefronts() / cycles);
    long atOnce = (long) occupancy.blocksPerSm() * gpu.sms();
    long waves = (blocks + atOnce - 1) / atOnce;
    parts.put(CHAIN, (double) counters.longestChain() * waves / gpu.clock());
    Map.Entry<String, Double> largest =
        parts.entrySet().stream().max(Comparator.comparing(Map.Entry::getValue)).orElseThrow();
    return new Estimate(largest.getValue() + NODE_SECONDS, largest.getKey(), Map.copyOf(parts));
  }

  /** What the busiest resource needs at its full rate, if nothing waits and launching is free. */
  public double boundSeconds() {
    return parts.entrySet().stream()
        .filter(part -> !part.getKey().equals(CHAIN))
        .mapToDouble(Map.Entry::getValue)
        .max()
        .orElseThrow();
  }

  @Override
  public String toString() {
    return String.format("estimate %.2f µs, bound by %s", seconds * 1e6, boundBy);
  }
}
