package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.GlobalAccess.Mode;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;

/** {@code cp.async} of 4, 8 and 16 bytes, its groups and waits. */
final class AsyncCopyFamily {
  private AsyncCopyFamily() {}

  static Instruction decode(Decoding d, int index) {
    if (!d.take("async")) {
      throw d.error("unknown copy");
    }
    if (d.take("commit_group")) {
      return new Commit();
    }
    if (d.take("wait_all")) {
      return new Wait(-1);
    }
    if (d.take("wait_group")) {
      return new Wait((int) d.constant(0));
    }
    boolean onlyL2 = "cg".equals(d.takeAny("ca", "cg"));
    if (!(d.take("shared") || d.take("shared::cta")) || !d.take("global")) {
      throw d.error("this form of cp.async");
    }
    d.takeAny("L2::64B", "L2::128B", "L2::256B");
    int bytes = (int) d.constant(2);
    if (bytes != 16 && (onlyL2 || (bytes != 4 && bytes != 8))) {
      throw d.error("a copy of " + bytes + " bytes");
    }
    d.kernel.noteAsyncCopy();
    return new Copy(d, bytes);
  }

  private static final class Copy extends Instruction {
    private final AddressOperand target;
    private final AddressOperand source;
    private final int bytes;
    private final int sourceBytes;
    private final int ignore;
    private final boolean ignoreNegated;

    Copy(Decoding d, int bytes) {
      this.bytes = bytes;
      target = new AddressOperand(d, d.operand(0));
      source = new AddressOperand(d, d.operand(1));
      Operand last = d.count() > 3 ? d.operand(3) : null;
      boolean predicate =
          last instanceof Operand.Not
              || (last instanceof Operand.Name n
                  && d.kernel.isRegister(n.name())
                  && d.kernel.typeOf(n.name()) == Type.PRED);
      ignore = predicate ? d.predicate(last) : -1;
      ignoreNegated = last instanceof Operand.Not;
      sourceBytes = last != null && !predicate ? d.word(last, Type.U32) : -1;
      if (d.count() > 4) {
        throw d.error("a cache hint");
      }
    }

    @Override
    public void execute(Warp warp, int mask) {
      AddressLanes from = warp.processor.addresses;
      int[][] data = new int[Warp.LANES][bytes / 4];
      int ignored = ignore < 0 ? 0 : ignoreNegated ? ~warp.p[ignore] : warp.p[ignore];
      int whole = mask & ~ignored;
      for (int m = whole; m != 0 && sourceBytes >= 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int wanted = warp.r[sourceBytes + i];
        if (wanted < bytes) {
          whole &= ~(1 << i);
          if (wanted > 0) {
            partly(warp, i, wanted, data[i]);
          }
        }
      }
      if (whole != 0) {
        source.compute(warp, from, whole, bytes);
        read(warp, from, data);
      }
      target.compute(warp, from, mask, bytes);
      warp.block.shared.bounds(warp, this, from);
      warp.block.shared.beginAsync(warp, this, from);
      warp.async.add(from, data);
    }

    /** Fewer bytes than the copy has: the rest is zero. */
    private void partly(Warp warp, int lane, int wanted, int[] data) {
      AddressLanes one = new AddressLanes();
      source.compute(warp, one, 1 << lane, 1);
      AddressLanes at = new AddressLanes();
      for (int b = 0; b < wanted; b++) {
        at.fromConstant(one.at[lane] + b, 1 << lane, 1);
        Allocation allocation = warp.processor.global.access(warp, this, at, Mode.LOAD);
        long offset = one.at[lane] + b - allocation.base();
        int value = allocation.words()[(int) (offset >>> 2)] >>> ((offset & 3) * 8) & 0xff;
        data[b / 4] |= value << (b % 4 * 8);
      }
    }

    private void read(Warp warp, AddressLanes from, int[][] data) {
      int rest = from.mask;
      AddressLanes lanes = from;
      while (rest != 0) {
        Allocation allocation = warp.processor.global.access(warp, this, lanes, Mode.LOAD);
        int group = warp.processor.global.group;
        for (int m = group; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          int word = (int) ((from.at[i] - allocation.base()) >>> 2);
          System.arraycopy(allocation.words(), word, data[i], 0, bytes / 4);
        }
        rest &= ~group;
        if (rest != 0) {
          lanes = new AddressLanes();
          lanes.restrict(from, rest, 0);
        }
      }
    }
  }

  private static final class Commit extends Instruction {
    @Override
    public void execute(Warp warp, int mask) {
      warp.async.commit(mask);
    }
  }

  private static final class Wait extends Instruction {
    private final int pending;

    Wait(int pending) {
      this.pending = pending;
      kind = InstructionClass.ASYNC_COPY;
    }

    @Override
    public void execute(Warp warp, int mask) {
      if (pending < 0) {
        warp.async.waitAll(warp, mask);
      } else {
        warp.async.waitGroups(warp, mask, pending);
      }
    }
  }
}
