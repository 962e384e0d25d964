package io.mgnm.simulator.exec;

import io.mgnm.simulator.count.Counters;
import java.util.List;

/**
 * What one launch did.
 *
 * @param kernel its name
 * @param blocks blocks of the grid
 * @param blocksRun blocks that ran: fewer than {@code blocks} where the launch was sampled, and
 *     then memory does not hold the kernel's result
 * @param threads threads of a block
 * @param dynamicShared bytes of dynamic shared memory of a block
 * @param counters sums over the blocks that ran; all zero where counting was off
 * @param findings in the order of their first occurrence
 * @param printed what the kernel printed
 */
public record LaunchReport(
    String kernel,
    long blocks,
    long blocksRun,
    int threads,
    int dynamicShared,
    Counters counters,
    List<Finding> findings,
    String printed) {

  public boolean sampled() {
    return blocksRun != blocks;
  }
}
