package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Space;

/** A memory access with its space; generic ones are split into lanes of one space each. */
abstract class SpaceSplit extends Instruction {
  private final Space space;
  private final AddressOperand address;
  private final int bytes;

  SpaceSplit(Space space, AddressOperand address, int bytes) {
    this.space = space;
    this.address = address;
    this.bytes = bytes;
  }

  @Override
  public final void execute(Warp warp, int mask) {
    AddressLanes lanes = warp.processor.addresses;
    address.compute(warp, lanes, mask, bytes);
    switch (space) {
      case SHARED -> shared(warp, lanes);
      case GLOBAL, CONST -> globals(warp, lanes);
      case LOCAL -> local(warp, lanes);
      case PARAM -> param(warp, lanes);
      case GENERIC -> generic(warp, lanes);
    }
  }

  private void generic(Warp warp, AddressLanes lanes) {
    if (AddressWindows.of(lanes.min) == 0 && lanes.min >= 2 * AddressWindows.PARAM) {
      globals(warp, lanes);
      return;
    }
    AddressLanes some = warp.processor.someAddresses;
    int rest = lanes.mask;
    while (rest != 0) {
      long window = AddressWindows.of(lanes.at[Integer.numberOfTrailingZeros(rest)]);
      int group = 0;
      for (int m = rest; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        group |= AddressWindows.of(lanes.at[i]) == window ? 1 << i : 0;
      }
      some.restrict(lanes, group, window);
      if (window == AddressWindows.SHARED) {
        shared(warp, some);
      } else if (window == AddressWindows.LOCAL) {
        local(warp, some);
      } else if (window == AddressWindows.PARAM) {
        param(warp, some);
      } else {
        globals(warp, some);
      }
      rest &= ~group;
    }
  }

  /** Lanes in one allocation after the other. */
  private void globals(Warp warp, AddressLanes lanes) {
    int rest = lanes.mask;
    global(warp, lanes);
    rest &= ~warp.processor.global.group;
    while (rest != 0) {
      AddressLanes remaining = new AddressLanes();
      remaining.restrict(lanes, rest, 0);
      global(warp, remaining);
      rest &= ~warp.processor.global.group;
    }
  }

  abstract void shared(Warp warp, AddressLanes lanes);

  abstract void global(Warp warp, AddressLanes lanes);

  abstract void local(Warp warp, AddressLanes lanes);

  abstract void param(Warp warp, AddressLanes lanes);
}
