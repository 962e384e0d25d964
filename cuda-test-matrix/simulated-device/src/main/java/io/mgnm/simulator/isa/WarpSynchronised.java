package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.machine.ControlInstruction;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Lanes;
import io.mgnm.simulator.machine.Part;
import io.mgnm.simulator.machine.Warp;

/**
 * An instruction that the lanes named by a mask execute together. Parts that come first wait for
 * the others; a lane that is not in its own mask, and a mask whose lanes never come, are faults.
 */
abstract class WarpSynchronised extends ControlInstruction {
  private final int maskPlace;

  WarpSynchronised(int maskPlace) {
    this.maskPlace = maskPlace;
  }

  /** Whether a part at {@code other} may meet one here: only here, save for warp barriers. */
  boolean meets(Instruction other) {
    return other == this;
  }

  @Override
  public final void control(Warp warp, Part part) {
    int[] r = warp.r;
    int here = part.mask;
    if (here == warp.live && (r[maskPlace] & here) == here && Lanes.uniform(r, maskPlace)) {
      perform(warp, here);
      part.pc++;
      return;
    }
    for (int m = part.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      if ((r[maskPlace + i] >>> i & 1) == 0) {
        throw warp.fault(
            DeviceFault.Kind.WRONG_MASK,
            this,
            i,
            0,
            String.format("lane %d is not in its own mask %08x", i, r[maskPlace + i]));
      }
    }
    if (here != warp.live) {
      for (Part other : warp.parts()) {
        if (other != part && other.state == Part.State.AT_WARP_SYNC && meets(warp.at(other))) {
          here |= other.mask;
        }
      }
      for (int m = here; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int awaited = ((WarpSynchronised) atLane(warp, part, i)).maskOf(warp, i) & warp.live;
        if ((awaited & ~here) != 0) {
          part.state = Part.State.AT_WARP_SYNC;
          return;
        }
      }
    }
    int rest = here;
    while (rest != 0) {
      int first = Integer.numberOfTrailingZeros(rest);
      int members = ((WarpSynchronised) atLane(warp, part, first)).maskOf(warp, first) & here;
      for (int m = members; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int own = ((WarpSynchronised) atLane(warp, part, i)).maskOf(warp, i);
        if ((own & here) != members) {
          throw warp.fault(
              DeviceFault.Kind.WRONG_MASK,
              this,
              i,
              0,
              String.format(
                  "lanes %d and %d take part with different masks, %08x and %08x",
                  first,
                  i,
                  ((WarpSynchronised) atLane(warp, part, first)).maskOf(warp, first),
                  own));
        }
      }
      perform(warp, members);
      rest &= ~members;
    }
    part.pc++;
    for (Part other : warp.parts()) {
      if (other != part && other.state == Part.State.AT_WARP_SYNC && (other.mask & here) != 0) {
        other.state = Part.State.RUNNABLE;
        other.pc++;
      }
    }
  }

  private int maskOf(Warp warp, int lane) {
    return warp.r[maskPlace + lane];
  }

  private Instruction atLane(Warp warp, Part part, int lane) {
    if ((part.mask >>> lane & 1) != 0) {
      return this;
    }
    for (Part other : warp.parts()) {
      if ((other.mask >>> lane & 1) != 0 && other.state == Part.State.AT_WARP_SYNC) {
        return warp.at(other);
      }
    }
    throw new AssertionError();
  }

  /** What the lanes do together. */
  abstract void perform(Warp warp, int lanes);
}
