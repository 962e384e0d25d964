package io.mgnm.simulator.exec;

import io.mgnm.simulator.machine.Processor;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One launch of a kernel. Set what differs from the defaults, then {@link #run}.
 *
 * <pre>{@code
 * LaunchReport report = new Launch(module.kernel("axpy"))
 *     .grid(4, 1, 1).block(128, 1, 1).parameters(bytes)
 *     .order(Order.random(7)).run();
 * }</pre>
 */
public final class Launch {
  final Kernel kernel;
  final int[] grid = {1, 1, 1};
  final int[] block = {1, 1, 1};
  int dynamicShared;
  byte[] parameters = {};
  Order order = Order.ascending();
  Set<Check> checks = EnumSet.allOf(Check.class);
  boolean counting = true;
  long sampledBlocks = Long.MAX_VALUE;
  long instructionLimit = 4_000_000_000L;
  int threads = 1;
  private final Set<Allocation> touched = new LinkedHashSet<>();

  public Launch(Kernel kernel) {
    this.kernel = kernel;
  }

  /** Blocks in x, y, z. */
  public Launch grid(int x, int y, int z) {
    grid[0] = x;
    grid[1] = y;
    grid[2] = z;
    return this;
  }

  /** Threads of a block in x, y, z. */
  public Launch block(int x, int y, int z) {
    block[0] = x;
    block[1] = y;
    block[2] = z;
    return this;
  }

  /** Dynamic shared memory of a block, bytes. */
  public Launch dynamicShared(int bytes) {
    dynamicShared = bytes;
    return this;
  }

  /**
   * The parameter block, laid out as {@link io.mgnm.simulator.ptx.PtxFunction#parameters()} says,
   * {@code PtxFunction.parameterBytes()} long.
   */
  public Launch parameters(byte[] bytes) {
    parameters = bytes.clone();
    return this;
  }

  public Launch order(Order newOrder) {
    order = newOrder;
    return this;
  }

  /** Which checks are on; all of them by default. */
  public Launch checks(Set<Check> wanted) {
    checks = wanted.isEmpty() ? EnumSet.noneOf(Check.class) : EnumSet.copyOf(wanted);
    return this;
  }

  /** Whether to count; on by default. */
  public Launch counting(boolean on) {
    counting = on;
    return this;
  }

  /** Runs only about this many blocks, spread evenly over the grid, for counting large grids. */
  public Launch sample(long blocks) {
    sampledBlocks = blocks;
    return this;
  }

  /** Warp-instructions after which a warp is taken to loop for ever. */
  public Launch instructionLimit(long limit) {
    instructionLimit = limit;
    return this;
  }

  /**
   * Host threads that may run blocks at once; results and reports do not depend on it. Kernels with
   * global atomics, ordered accesses, accesses narrower than 4 bytes or prints use one all the
   * same.
   */
  public Launch threads(int count) {
    threads = count;
    return this;
  }

  /**
   * Runs the launch to its end.
   *
   * @throws DeviceFault where the kernel does what ends it on a device
   * @throws IllegalArgumentException where the configuration itself is refused (block too large,
   *     too much shared memory, wrong size of parameters)
   */
  public LaunchReport run() {
    if (!kernel.module().kernels().containsValue(kernel)) {
      throw new IllegalArgumentException(kernel.name() + " belongs to an unloaded module");
    }
    LaunchLimits.check(this);
    long blocks = (long) grid[0] * grid[1] * grid[2];
    long[] chosen = BlockOrder.of(order, blocks, sampledBlocks);
    DeviceMemory memory = kernel.module().memory();
    int stamps = memory.reserveStamps(Math.toIntExact(blocks));
    kernel.program.code().warm();
    List<Processor> processors = new ParallelBlocks(this, chosen, stamps).run();
    if (processors.isEmpty()) {
      Processor only = processor(stamps);
      for (long index : chosen) {
        only.run(index);
      }
      processors = List.of(only);
    }
    for (Processor processor : processors) {
      kernel.program.code().issued(processor.issued.warps());
      touched.addAll(processor.global.touchedAllocations());
    }
    Processor first = processors.getFirst();
    return new LaunchReport(
        kernel.name(),
        blocks,
        chosen.length,
        block[0] * block[1] * block[2],
        dynamicShared,
        Tally.counters(kernel.program, processors),
        first.findings.list(),
        first.printed.toString());
  }

  /** The allocations that {@link #run} touched, as far as it came to its end. */
  public Set<Allocation> touched() {
    return Collections.unmodifiableSet(touched);
  }

  Processor processor(int stamps) {
    return new Processor(
        kernel.program,
        kernel.module().memory(),
        parameters,
        grid,
        block,
        dynamicShared,
        order,
        checks,
        counting,
        instructionLimit,
        stamps);
  }
}
