package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.GlobalAccess.Mode;
import io.mgnm.simulator.machine.SharedMemory;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.ptx.Space;

/** {@code st}. */
final class Store extends SpaceSplit implements SharedMemory.LaneStore {
  private final DataLanes data;
  private final Mode mode;

  Store(Space space, AddressOperand address, DataLanes data, Mode mode) {
    super(space, address, data.bytes);
    this.data = data;
    this.mode = mode;
  }

  @Override
  void shared(Warp warp, AddressLanes lanes) {
    SharedMemory memory = warp.block.shared;
    memory.bounds(warp, this, lanes);
    if (warp.processor.counting) {
      warp.processor.banks.count(warp.processor, lanes);
    }
    memory.store(warp, this, lanes, this);
  }

  @Override
  public boolean unchanged(Warp warp, AddressLanes lanes, int lane) {
    return data.unchanged(warp, warp.block.shared.words, lanes, lane);
  }

  @Override
  public void put(Warp warp, AddressLanes lanes, int lane) {
    data.store(warp, warp.block.shared.words, 0, lanes, lane);
  }

  @Override
  public void putAll(Warp warp, AddressLanes lanes) {
    data.storeAll(warp, warp.block.shared.words, 0, lanes);
  }

  @Override
  void global(Warp warp, AddressLanes lanes) {
    Allocation allocation = warp.processor.global.access(warp, this, lanes, mode);
    data.storeAll(warp, allocation.words(), allocation.base(), warp.processor.global.groupLanes);
  }

  @Override
  void local(Warp warp, AddressLanes lanes) {
    warp.local.bounds(warp, this, lanes);
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      for (int k = 0; k < data.count(); k++) {
        long a = lanes.at[i] + (long) k * data.elementBytes;
        if (data.elementBytes == 8) {
          long value = data.getLong(warp, k, i);
          warp.local.put(a, 4, i, (int) value);
          warp.local.put(a + 4, 4, i, (int) (value >>> 32));
        } else {
          warp.local.put(a, data.elementBytes, i, data.get(warp, k, i));
        }
      }
    }
  }

  @Override
  void param(Warp warp, AddressLanes lanes) {
    int lane = Integer.numberOfTrailingZeros(lanes.mask);
    throw warp.fault(
        DeviceFault.Kind.OUT_OF_BOUNDS_PARAM,
        this,
        lane,
        lanes.at[lane],
        "a store to the kernel's parameters");
  }
}
