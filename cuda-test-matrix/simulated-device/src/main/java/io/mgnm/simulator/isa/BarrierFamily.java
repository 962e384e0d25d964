package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.machine.ControlInstruction;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Part;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;

/** {@code bar barrier} of blocks and warps, and fences. */
final class BarrierFamily {
  private BarrierFamily() {}

  static Instruction decode(Decoding d, int index) {
    if (d.base.equals("membar") || d.base.equals("fence")) {
      // Memory is one and in order here; a fence orders nothing that the checks know of.
      d.takeAny("cta", "cluster", "gpu", "sys", "gl");
      d.takeAny("sc", "acq_rel", "acquire", "release");
      return new MemoryFamily.Nothing(InstructionClass.CONTROL);
    }
    d.take("cta");
    if (d.take("warp")) {
      if (!d.take("sync")) {
        throw d.error("only bar.warp.sync exists");
      }
      return new WarpBarrier(d);
    }
    // A warp that is not together at an aligned barrier waits like at any other, and is then stuck.
    d.take("aligned");
    String mode = d.takeAny("sync", "arrive", "red");
    if (mode == null) {
      throw d.error("a mode is missing");
    }
    if (!mode.equals("red")) {
      return new BlockBarrier(d, 0, mode.equals("sync"), null);
    }
    String operation = d.takeAny("popc", "and", "or");
    d.type();
    return new BlockBarrier(d, 1, true, operation);
  }

  private static final class WarpBarrier extends WarpSynchronised {
    WarpBarrier(Decoding d) {
      super(d.word(0, Type.B32));
      kind = InstructionClass.BARRIER;
    }

    @Override
    boolean meets(Instruction other) {
      return other instanceof WarpBarrier;
    }

    @Override
    void perform(Warp warp, int lanes) {
      warp.synchronised(lanes);
    }
  }

  private static final class BlockBarrier extends ControlInstruction {
    private final boolean waits;
    private final String reduction;
    private final int id;
    private final int threads;
    private final int out;
    private final int in;
    private final boolean negated;

    BlockBarrier(Decoding d, int first, boolean waits, String reduction) {
      this.waits = waits;
      this.reduction = reduction;
      id = d.word(first, Type.U32);
      boolean counted = d.count() > first + 1 && !(reduction != null && d.count() == first + 2);
      threads = counted ? d.word(first + 1, Type.U32) : -1;
      if (reduction == null) {
        out = -1;
        in = -1;
        negated = false;
      } else {
        out = reduction.equals("popc") ? d.word(0, Type.U32) : d.predicate(0);
        Operand predicate = d.operand(d.count() - 1);
        in = d.predicate(predicate);
        negated = predicate instanceof Operand.Not;
      }
    }

    @Override
    public void control(Warp warp, Part part) {
      int lanes = part.mask;
      if (lanes != warp.live) {
        // The others may still end; if they wait elsewhere instead, nothing in the block can go on.
        for (Part other : warp.parts()) {
          if (other != part && other.state == Part.State.AT_WARP_SYNC && warp.at(other) == this) {
            lanes |= other.mask;
          }
        }
        part.state = Part.State.AT_WARP_SYNC;
        if (lanes != warp.live) {
          return;
        }
      }
      int first = Integer.numberOfTrailingZeros(lanes);
      int number = warp.r[id + first];
      int count = threads < 0 ? 0 : warp.r[threads + first];
      int values = in < 0 ? 0 : negated ? ~warp.p[in] : warp.p[in];
      warp.processor.barriers++;
      for (Part waiting : warp.parts()) {
        if (waiting == part || waiting.state == Part.State.AT_WARP_SYNC) {
          waiting.state = waits ? Part.State.AT_BARRIER : Part.State.RUNNABLE;
          waiting.pc += waits ? 0 : 1;
        }
      }
      warp.block.arrive(warp, this, number, count, waits, values, lanes);
    }

    @Override
    public DeviceFault.Kind stuck() {
      return DeviceFault.Kind.BARRIER_DIVERGENCE;
    }

    @Override
    public void resumed(Warp warp, Part part) {
      if (reduction == null) {
        return;
      }
      if (reduction.equals("popc")) {
        for (int m = part.mask; m != 0; m &= m - 1) {
          warp.r[out + Integer.numberOfTrailingZeros(m)] = warp.block.redPopc[warp.index];
        }
        return;
      }
      boolean truth =
          reduction.equals("and") ? warp.block.redAll[warp.index] : warp.block.redAny[warp.index];
      warp.p[out] = (warp.p[out] & ~part.mask) | (truth ? part.mask : 0);
    }
  }
}
