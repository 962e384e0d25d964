package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.isa.RegisterAllocation.Bank;
import io.mgnm.simulator.machine.ControlInstruction;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Part;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;

/** Branches, ends, traps, and calls of the device runtime. */
final class ControlFamily {
  private ControlFamily() {}

  static Instruction decode(Decoding d, int index) {
    switch (d.base) {
      case "bra":
        d.take("uni");
        return new Branch(d, index);
      case "brx":
        if (!d.take("idx")) {
          throw d.error("only brx.idx exists");
        }
        d.take("uni");
        return new IndexedBranch(d, index);
      case "exit", "ret":
        d.take("uni");
        return new Exit();
      case "trap":
        return new Trap();
      case "syscall":
        return ((Operand.Name) d.operand(0)).name().equals("vprintf")
            ? new Printf(d)
            : new AssertFail(d);
      case "nanosleep":
        d.type();
        return new MemoryFamily.Nothing(InstructionClass.CONTROL);
      case "pmevent":
        d.take("mask");
        return new MemoryFamily.Nothing(InstructionClass.CONTROL);
      default:
        return new MemoryFamily.Nothing(InstructionClass.CONTROL);
    }
  }

  private static final class Branch extends ControlInstruction {
    private final int target;
    private final int join;
    private final int predicate;
    private final boolean negated;

    Branch(Decoding d, int index) {
      target = d.kernel.label(d.operand(0), d);
      join = d.kernel.join(index);
      String p = d.statement.guard();
      predicate = p == null ? -1 : d.kernel.register(p, Bank.PREDICATE, d);
      negated = d.statement.guardNegated();
    }

    @Override
    public void control(Warp warp, Part part) {
      if (predicate < 0) {
        part.pc = target;
        return;
      }
      int p = warp.p[predicate];
      warp.branch(part, part.mask & (negated ? ~p : p), target, join);
    }
  }

  private static final class IndexedBranch extends ControlInstruction {
    private final int in;
    private final int[] targets;
    private final int join;

    IndexedBranch(Decoding d, int index) {
      in = d.word(0, Type.U32);
      targets = d.kernel.branchTargets(index);
      join = d.kernel.join(index);
    }

    @Override
    public void control(Warp warp, Part part) {
      int[] masks = new int[Warp.LANES];
      int[] where = new int[Warp.LANES];
      int count = 0;
      for (int m = part.mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int choice = warp.r[in + i];
        if (choice < 0 || choice >= targets.length) {
          throw warp.fault(
              DeviceFault.Kind.TRAP,
              this,
              i,
              0,
              String.format("branch index %d of %d targets", choice, targets.length));
        }
        int k = 0;
        while (k < count && where[k] != targets[choice]) {
          k++;
        }
        where[k] = targets[choice];
        masks[k] |= 1 << i;
        count = Math.max(count, k + 1);
      }
      warp.branch(part, masks, where, count, join);
    }
  }

  private static final class Exit extends ControlInstruction {
    @Override
    public void control(Warp warp, Part part) {
      warp.exit(part);
    }
  }

  private static final class Trap extends ControlInstruction {
    @Override
    public void control(Warp warp, Part part) {
      throw warp.fault(
          DeviceFault.Kind.TRAP,
          this,
          Integer.numberOfTrailingZeros(part.mask),
          0,
          "the kernel traps");
    }
  }
}
