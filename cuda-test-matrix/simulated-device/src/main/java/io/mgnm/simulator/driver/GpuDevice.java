package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.Map;
import java.util.TreeMap;

/** One simulated device: its memory, who allocated what there, and its primary context. */
final class GpuDevice {
  /** Devices' addresses are this far apart, so that an address names its device. */
  private static final long ADDRESS_STRIDE = 1L << 40;

  private static final long FIRST_ADDRESS = 0x6000_0000_0000L;

  final int ordinal;
  final ComputeCapability capability;
  final GpuModel model;
  final DeviceMemory memory;
  final AccessHistory history;
  final Map<Long, DeviceBlock> blocks = new TreeMap<>();
  Context primary;
  int primaryReferences;
  int primaryFlags;

  GpuDevice(int ordinal, MachineOptions options, Machine machine) {
    this.ordinal = ordinal;
    this.capability = options.capability();
    this.model = GpuModel.of(capability, options.multiprocessors());
    this.memory = new DeviceMemory(options.memoryBytes(), FIRST_ADDRESS + ordinal * ADDRESS_STRIDE);
    this.history = new AccessHistory(machine);
  }

  /** Whether the address lies in the range from which this device gives out addresses. */
  boolean owns(long address) {
    long start = FIRST_ADDRESS + ordinal * ADDRESS_STRIDE;
    return address >= start && address < start + ADDRESS_STRIDE;
  }
}
