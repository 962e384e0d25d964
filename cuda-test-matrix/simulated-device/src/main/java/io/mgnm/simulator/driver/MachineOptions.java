package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.exec.Order;
import java.util.EnumSet;
import java.util.Set;

/**
 * How a simulated machine is built.
 *
 * @param capability of every device: 7.5, 8.6 or 9.0
 * @param devices how many there are; 0 is a machine whose driver finds none
 * @param schedule when work given to streams runs
 * @param order of blocks, warps and lanes inside a launch
 * @param seed for every random choice: the schedule and the layout of cuDNN's weight space
 * @param memoryBytes of each device
 * @param checks inside kernels
 * @param counting whether launches are counted
 * @param threads host threads that may run blocks
 * @param sampledBlocks blocks of a launch that run at most, spread over the grid: for counting
 *     large grids, whose results are then worth nothing
 * @param instructionLimit instructions after which a warp is taken to loop for ever
 */
public record MachineOptions(
    ComputeCapability capability,
    int devices,
    Schedule schedule,
    Order order,
    long seed,
    long memoryBytes,
    Set<Check> checks,
    boolean counting,
    int threads,
    long sampledBlocks,
    long instructionLimit) {
  private static final long INSTRUCTION_LIMIT = 4_000_000_000L;

  /** One device of compute capability 9.0 with 4 GiB, all checks on, work as late as allowed. */
  public static MachineOptions defaults() {
    return new MachineOptions(
        new ComputeCapability(9, 0),
        1,
        Schedule.LATE,
        Order.ascending(),
        1,
        4L << 30,
        EnumSet.allOf(Check.class),
        true,
        1,
        Long.MAX_VALUE,
        INSTRUCTION_LIMIT);
  }

  public MachineOptions withCapability(String text) {
    return new MachineOptions(
        ComputeCapability.parse(text),
        devices,
        schedule,
        order,
        seed,
        memoryBytes,
        checks,
        counting,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withDevices(int count) {
    return new MachineOptions(
        capability,
        count,
        schedule,
        order,
        seed,
        memoryBytes,
        checks,
        counting,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withSchedule(Schedule newSchedule) {
    return new MachineOptions(
        capability,
        devices,
        newSchedule,
        order,
        seed,
        memoryBytes,
        checks,
        counting,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withOrder(Order newOrder) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        newOrder,
        seed,
        memoryBytes,
        checks,
        counting,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withSeed(long newSeed) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        order,
        newSeed,
        memoryBytes,
        checks,
        counting,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withMemoryBytes(long bytes) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        order,
        seed,
        bytes,
        checks,
        counting,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withChecks(Set<Check> newChecks) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        order,
        seed,
        memoryBytes,
        Set.copyOf(newChecks),
        counting,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withCounting(boolean on) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        order,
        seed,
        memoryBytes,
        checks,
        on,
        threads,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withThreads(int count) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        order,
        seed,
        memoryBytes,
        checks,
        counting,
        count,
        sampledBlocks,
        instructionLimit);
  }

  public MachineOptions withSampledBlocks(long blocks) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        order,
        seed,
        memoryBytes,
        checks,
        counting,
        threads,
        blocks,
        instructionLimit);
  }

  public MachineOptions withInstructionLimit(long limit) {
    return new MachineOptions(
        capability,
        devices,
        schedule,
        order,
        seed,
        memoryBytes,
        checks,
        counting,
        threads,
        sampledBlocks,
        limit);
  }
}
