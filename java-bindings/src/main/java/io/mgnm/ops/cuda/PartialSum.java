package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.KernelLaunch;
import io.mgnm.cuda.LaunchShape;
import java.util.ArrayList;
import java.util.List;

/**
 * Sums over a batch that blocks have left, to be added up: see {@code partials.cuh}.
 *
 * @param kernel a stem's {@code STEM_sum}, of {@link #TOGETHER} sums, whichever stem's they are
 * @param partials slots × the total's size
 * @param slots blocks that left sums
 * @param total written
 */
record PartialSum(CudaKernel kernel, DeviceBuffer partials, int slots, DeviceBuffer total) {
  /** Sums of a launch, at most. */
  static final int TOGETHER = 4;

  private static final int ARGUMENTS = 4; // of a sum
  private static final int VALUES_A_BLOCK = 32;
  private static final int BLOCK = 256;

  /** Launches that add up all sums, as few as their kernels allow. */
  static List<KernelLaunch> launches(List<PartialSum> sums) {
    List<KernelLaunch> launches = new ArrayList<>();
    for (int i = 0; i < sums.size(); i += TOGETHER) {
      launches.add(launch(sums.subList(i, Math.min(i + TOGETHER, sums.size()))));
    }
    return launches;
  }

  /** One launch, of the first sum's kernel. */
  static KernelLaunch launch(List<PartialSum> sums) {
    PartialSum first = sums.get(0);
    List<Object> arguments = new ArrayList<>();
    int blocks = 0;
    for (PartialSum sum : sums) {
      arguments.addAll(List.of(sum.partials, sum.total, sum.slots, sum.size()));
      blocks += Math.ceilDiv(sum.size(), VALUES_A_BLOCK);
    }
    while (arguments.size() < TOGETHER * ARGUMENTS) {
      arguments.addAll(List.of(first.partials, first.total, first.slots, 0)); // nothing
    }
    return first.kernel.prepare(LaunchShape.of(blocks, BLOCK), arguments.toArray());
  }

  private int size() {
    return Math.toIntExact(total.count());
  }

  /** Whether a launch reads or writes what this one writes or reads. */
  boolean concerns(KernelLaunch launch) {
    return launch.uses(partials) || launch.uses(total);
  }
}
