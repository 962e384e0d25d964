package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.GlobalAccess.Mode;
import io.mgnm.simulator.machine.SharedMemory;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.ptx.Space;

/** {@code ld}. */
final class Load extends SpaceSplit {
  private final DataLanes data;
  private final Mode mode;

  Load(Space space, AddressOperand address, DataLanes data, Mode mode) {
    super(space, address, data.bytes);
    this.data = data;
    this.mode = mode;
  }

  @Override
  void shared(Warp warp, AddressLanes lanes) {
    SharedMemory memory = warp.block.shared;
    memory.bounds(warp, this, lanes);
    memory.checkRead(warp, this, lanes);
    if (warp.processor.counting) {
      warp.processor.banks.count(warp.processor, lanes);
    }
    data.load(warp, memory.words, 0, lanes);
  }

  @Override
  void global(Warp warp, AddressLanes lanes) {
    Allocation allocation = warp.processor.global.access(warp, this, lanes, mode);
    data.load(warp, allocation.words(), allocation.base(), warp.processor.global.groupLanes);
  }

  @Override
  void local(Warp warp, AddressLanes lanes) {
    warp.local.bounds(warp, this, lanes);
    warp.local.checkRead(warp, this, lanes);
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      for (int k = 0; k < data.count(); k++) {
        long a = lanes.at[i] + (long) k * data.elementBytes;
        if (data.elementBytes == 8) {
          long high = warp.local.get(a + 4, 4, i);
          data.putLong(warp, k, i, high << 32 | (warp.local.get(a, 4, i) & 0xffffffffL));
        } else {
          data.put(warp, k, i, warp.local.get(a, data.elementBytes, i));
        }
      }
    }
  }

  @Override
  void param(Warp warp, AddressLanes lanes) {
    byte[] parameters = warp.processor.parameters;
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      long at = lanes.at[i];
      if (at < 0 || at > parameters.length - data.bytes) {
        throw warp.fault(
            DeviceFault.Kind.OUT_OF_BOUNDS_PARAM,
            this,
            i,
            at,
            String.format(
                "%d bytes at offset %d of %d bytes of parameters",
                data.bytes, at, parameters.length));
      }
      // All lanes at one address is what compilers emit.
      int together = lanes.uniform ? m : 1 << i;
      for (int k = 0; k < data.count(); k++) {
        data.putAll(warp, k, together, parameter(parameters, (int) at + k * data.elementBytes));
      }
      if (lanes.uniform) {
        return;
      }
    }
  }

  private long parameter(byte[] parameters, int from) {
    long value = 0;
    for (int b = data.elementBytes - 1; b >= 0; b--) {
      value = value << 8 | (parameters[from + b] & 0xff);
    }
    return value;
  }
}
