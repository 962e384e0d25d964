package io.mgnm.matrix.table;

import io.mgnm.cuda.KernelResources;
import io.mgnm.simulator.count.Estimate;
import io.mgnm.simulator.count.Gpu;
import io.mgnm.simulator.count.Occupancy;
import io.mgnm.simulator.exec.LaunchReport;
import java.util.List;

/**
 * What launches cost, added up.
 *
 * @param launches how many
 * @param bytes sectors leaving the SMs, with nothing found in L1
 * @param instructions of warps
 * @param occupancy share of the warps that an H100 can hold, of the launch that takes longest
 * @param boundBy what that launch waits for most
 * @param seconds estimated on an H100
 * @param boundSeconds of that, what the busiest resource works at its full rate
 * @param blocks of that launch
 */
record Cost(
    int launches,
    long bytes,
    long instructions,
    double occupancy,
    String boundBy,
    double seconds,
    double boundSeconds,
    long blocks) {
  private static final int SECTOR = 32;

  /** Adds up launches of kernels that {@code resources} has compiled. */
  static Cost of(List<LaunchReport> launches, Resources resources) {
    long bytes = 0;
    long instructions = 0;
    double seconds = 0;
    double boundSeconds = 0;
    double longest = 0;
    long blocks = 0;
    double occupancy = 0;
    String boundBy = "";
    for (LaunchReport launch : launches) {
      KernelResources kernel = resources.of(launch.kernel());
      Occupancy held =
          Occupancy.of(
              Gpu.H100,
              launch.threads(),
              kernel.registers(),
              kernel.sharedBytes() + launch.dynamicShared());
      Estimate estimate = Estimate.of(launch.counters(), 1, launch.blocks(), held, Gpu.H100);
      bytes += (launch.counters().loadSectors() + launch.counters().storeSectors()) * SECTOR;
      instructions += launch.counters().warpInstructionsTotal();
      seconds += estimate.seconds();
      boundSeconds += estimate.boundSeconds();
      if (estimate.seconds() > longest) {
        longest = estimate.seconds();
        blocks = launch.blocks();
        occupancy = held.fraction();
        boundBy = estimate.boundBy();
      }
    }
    return new Cost(
        launches.size(), bytes, instructions, occupancy, boundBy, seconds, boundSeconds, blocks);
  }
}
