package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.exec.Order;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/** How a simulated machine is built. Does not change; each {@code with} gives another one. */
public final class MachineOptions {
  private ComputeCapability capability = new ComputeCapability(9, 0);
  private int devices = 1;
  private int multiprocessors = 0;
  private Schedule schedule = Schedule.LATE;
  private Order order = Order.ascending();
  private long seed = 1;
  private long memoryBytes = 4L << 30;
  private Set<Check> checks = EnumSet.allOf(Check.class);
  private boolean counting = true;
  private int threads = 1;
  private long sampledBlocks = Long.MAX_VALUE;
  private long instructionLimit = 4_000_000_000L;

  private MachineOptions() {}

  /** One device of compute capability 9.0 with 4 GiB, all checks on, work as late as allowed. */
  public static MachineOptions defaults() {
    return new MachineOptions();
  }

  private MachineOptions with(Consumer<MachineOptions> change) {
    MachineOptions copy = new MachineOptions();
    copy.capability = capability;
    copy.devices = devices;
    copy.multiprocessors = multiprocessors;
    copy.schedule = schedule;
    copy.order = order;
    copy.seed = seed;
    copy.memoryBytes = memoryBytes;
    copy.checks = checks;
    copy.counting = counting;
    copy.threads = threads;
    copy.sampledBlocks = sampledBlocks;
    copy.instructionLimit = instructionLimit;
    change.accept(copy);
    return copy;
  }

  /** Of every device: 7.5, 8.6 or 9.0. */
  public ComputeCapability capability() {
    return capability;
  }

  public MachineOptions withCapability(String text) {
    return with(copy -> copy.capability = ComputeCapability.parse(text));
  }

  /** How many there are; 0 is a machine whose driver finds none. */
  public int devices() {
    return devices;
  }

  public MachineOptions withDevices(int count) {
    return with(copy -> copy.devices = count);
  }

  /**
   * Of each device, or 0 for as many as the product has that stands for the capability. With few,
   * strides over a grid go round in small launches.
   */
  public int multiprocessors() {
    return multiprocessors;
  }

  public MachineOptions withMultiprocessors(int count) {
    return with(copy -> copy.multiprocessors = count);
  }

  /** When work given to streams runs. */
  public Schedule schedule() {
    return schedule;
  }

  public MachineOptions withSchedule(Schedule value) {
    return with(copy -> copy.schedule = value);
  }

  /** Of blocks, warps and lanes inside a launch. */
  public Order order() {
    return order;
  }

  public MachineOptions withOrder(Order value) {
    return with(copy -> copy.order = value);
  }

  /** For every random choice: the schedule and the layout of cuDNN's weight space. */
  public long seed() {
    return seed;
  }

  public MachineOptions withSeed(long value) {
    return with(copy -> copy.seed = value);
  }

  /** Of each device. */
  public long memoryBytes() {
    return memoryBytes;
  }

  public MachineOptions withMemoryBytes(long bytes) {
    return with(copy -> copy.memoryBytes = bytes);
  }

  /** Inside kernels. */
  public Set<Check> checks() {
    return checks;
  }

  public MachineOptions withChecks(Set<Check> some) {
    return with(copy -> copy.checks = Set.copyOf(some));
  }

  /** Whether launches are counted. */
  public boolean counting() {
    return counting;
  }

  public MachineOptions withCounting(boolean on) {
    return with(copy -> copy.counting = on);
  }

  /** Threads of the host that may run blocks. */
  public int threads() {
    return threads;
  }

  public MachineOptions withThreads(int count) {
    return with(copy -> copy.threads = count);
  }

  /**
   * Blocks of a launch that run at most, spread over the grid: for counting large grids, whose
   * results are then worth nothing.
   */
  public long sampledBlocks() {
    return sampledBlocks;
  }

  public MachineOptions withSampledBlocks(long blocks) {
    return with(copy -> copy.sampledBlocks = blocks);
  }

  /** Instructions after which a warp is taken to loop for ever. */
  public long instructionLimit() {
    return instructionLimit;
  }

  public MachineOptions withInstructionLimit(long limit) {
    return with(copy -> copy.instructionLimit = limit);
  }
}
