package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.exec.Launch;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.exec.Order;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.DeviceMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The launch of a kernel. */
final class KernelWork extends Work {
  final FunctionObject function;
  final int[] grid;
  final int[] block;
  final int dynamicShared;
  final byte[] parameters;

  /**
   * @throws ApiException where a device would refuse the launch
   */
  KernelWork(
      FunctionObject function, int[] grid, int[] block, int dynamicShared, byte[] parameters) {
    this.function = function;
    this.grid = grid.clone();
    this.block = block.clone();
    this.dynamicShared = dynamicShared;
    this.parameters = parameters.clone();
    check();
  }

  private void check() {
    for (int k = 0; k < 3; k++) {
      int gridLimit = k == 0 ? Integer.MAX_VALUE : 65_535;
      int blockLimit = k == 2 ? 64 : ComputeCapability.MAX_THREADS_PER_BLOCK;
      if (grid[k] < 1 || grid[k] > gridLimit || block[k] < 1 || block[k] > blockLimit) {
        throw refused("is out of range");
      }
    }
    int threads = block[0] * block[1] * block[2];
    if (threads > ComputeCapability.MAX_THREADS_PER_BLOCK) {
      throw refused("has blocks of " + threads + " threads");
    }
    int[] required = function.ptx().requiredBlock();
    if (threads > function.maxThreads()
        || (required != null && !Arrays.equals(padded(required), block))) {
      throw refused("does not keep the kernel's launch bounds");
    }
    if (dynamicShared < 0 || dynamicShared > function.maxDynamicShared) {
      throw refused(
          String.format(
              "wants %d bytes of dynamic shared memory beside %d static ones, and %d are allowed"
                  + " (%d after cuFuncSetAttribute)",
              dynamicShared,
              function.staticShared,
              function.maxDynamicShared,
              function.dynamicSharedLimit()));
    }
  }

  private static int[] padded(int[] dimensions) {
    int[] three = {1, 1, 1};
    System.arraycopy(dimensions, 0, three, 0, dimensions.length);
    return three;
  }

  private ApiException refused(String why) {
    return new ApiException(CudaResult.CUDA_ERROR_INVALID_VALUE, describe() + " " + why);
  }

  @Override
  int nodeType() {
    return 0;
  }

  @Override
  String describe() {
    return String.format(
        "launch of %s, grid (%d,%d,%d), block (%d,%d,%d), %d bytes of dynamic shared memory",
        function.kernel.name(),
        grid[0],
        grid[1],
        grid[2],
        block[0],
        block[1],
        block[2],
        dynamicShared);
  }

  @Override
  boolean guessed() {
    return true;
  }

  /** Every allocation that an argument, or an aligned word of one, points into. */
  @Override
  List<MemoryRange> ranges() {
    DeviceMemory memory = function.module.context.device.memory;
    List<MemoryRange> ranges = new ArrayList<>();
    ByteBuffer words = ByteBuffer.wrap(parameters).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at + 8 <= parameters.length; at += 8) {
      Allocation allocation = memory.find(words.getLong(at));
      if (allocation != null) {
        ranges.add(MemoryRange.read(allocation.base(), allocation.size()));
      }
    }
    return ranges;
  }

  @Override
  void run(Operation operation) {
    Machine machine = operation.context.machine;
    MachineOptions options = machine.options;
    GpuDevice device = operation.context.device;
    int from = device.memory.reserveStamps(0);
    Launch launch =
        new Launch(function.kernel)
            .grid(grid[0], grid[1], grid[2])
            .block(block[0], block[1], block[2])
            .dynamicShared(dynamicShared)
            .parameters(parameters)
            .order(order(options.order(), machine.launches.size()))
            .checks(options.checks())
            .counting(options.counting())
            .sample(options.sampledBlocks())
            .instructionLimit(options.instructionLimit())
            .threads(options.threads());
    LaunchReport report = launch.run();
    machine.launches.add(report);
    report
        .findings()
        .forEach(
            finding -> machine.findings.add(Finding.Kind.KERNEL, finding + "; in " + operation));
    if (machine.concurrent()) {
      device.history.launched(operation, launch.touched(), from, device.memory.reserveStamps(0));
    }
  }

  /** A random order is another one at each launch. */
  private static Order order(Order order, int launch) {
    return order instanceof Order.Random(long seed) ? Order.random(seed * 31 + launch) : order;
  }
}
