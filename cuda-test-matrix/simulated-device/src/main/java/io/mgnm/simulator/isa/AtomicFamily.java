package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Rounding.bits;
import static io.mgnm.simulator.isa.Rounding.d;
import static io.mgnm.simulator.isa.Rounding.f;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.GlobalAccess.Mode;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Space;
import io.mgnm.simulator.ptx.Type;

/** {@code atom} and {@code red} on shared and global memory, lane after lane. */
final class AtomicFamily {
  private AtomicFamily() {}

  /** New value from the old one and the operands, as raw bits. */
  @FunctionalInterface
  private interface Update {
    long of(long old, long b, long c);
  }

  static Instruction decode(Decoding d, int index) {
    boolean result = d.base.equals("atom");
    d.takeAny("relaxed", "acquire", "release", "acq_rel");
    d.takeAny("cta", "cluster", "gpu", "sys");
    d.takeAny("noftz", "ftz");
    Space space = MemoryFamily.space(d);
    String operation =
        d.takeAny("add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec");
    Type t = d.type();
    if (operation == null) {
      throw d.error("no such atomic operation");
    }
    if (space == Space.LOCAL || space == Space.PARAM || space == Space.CONST) {
      throw d.error("an atomic operation in this space");
    }
    d.kernel.noteAccess(space, t.bytes());
    if (space != Space.SHARED) {
      d.kernel.noteBlocksMeet();
    }
    return new Atomic(d, space, t, result, update(d, operation, t));
  }

  private static Update update(Decoding d, String operation, Type t) {
    return switch (operation) {
      case "exch" -> (old, b, c) -> b;
      case "cas" -> (old, b, c) -> old == b ? c : old;
      case "and" -> (old, b, c) -> old & b;
      case "or" -> (old, b, c) -> old | b;
      case "xor" -> (old, b, c) -> old ^ b;
      case "inc" -> (old, b, c) -> Long.compareUnsigned(old, b) >= 0 ? 0 : old + 1;
      case "dec" -> (old, b, c) -> old == 0 || Long.compareUnsigned(old, b) > 0 ? b : old - 1;
      case "add" -> add(d, t);
      default -> extremum(d, t, operation.equals("max"));
    };
  }

  private static Update add(Decoding s, Type t) {
    return switch (t) {
      case U32, S32, U64, S64 -> (old, b, c) -> old + b;
      // On global memory devices flush subnormals here; shared memory keeps them. Kept in both.
      case F32 -> (old, b, c) -> bits(f((int) old) + f((int) b));
      case F64 -> (old, b, c) -> bits(d(old) + d(b));
      case F16, BF16 -> {
        SmallFloat format = SmallFloat.of(t);
        yield (old, b, c) ->
            format.bits(
                Rounding.sum(format.value((int) old & 0xffff), format.value((int) b & 0xffff)),
                Rounding.RN);
      }
      case F16X2, BF16X2 -> {
        Update half = add(s, t == Type.F16X2 ? Type.F16 : Type.BF16);
        yield (old, b, c) ->
            half.of(old & 0xffff, b & 0xffff, 0)
                | half.of(old >>> 16 & 0xffff, b >>> 16 & 0xffff, 0) << 16;
      }
      default -> throw s.error("atomic add of this type");
    };
  }

  private static Update extremum(Decoding s, Type t, boolean max) {
    return switch (t) {
      case S32 -> (old, b, c) -> max ? Math.max((int) old, (int) b) : Math.min((int) old, (int) b);
      case S64 -> (old, b, c) -> max ? Math.max(old, b) : Math.min(old, b);
      case U32, U64 -> (old, b, c) -> Long.compareUnsigned(old, b) > 0 == max ? old : b;
      default -> throw s.error("atomic minimum or maximum of this type");
    };
  }

  private static final class Atomic extends SpaceSplit {
    private final Type type;
    private final int size;
    private final int out;
    private final int b;
    private final int c;
    private final boolean result;
    private final Update update;

    Atomic(Decoding d, Space space, Type t, boolean result, Update update) {
      super(space, new AddressOperand(d, d.operand(result ? 1 : 0)), t.bytes());
      type = t;
      size = t.bytes();
      this.update = update;
      int first = result ? 2 : 1;
      boolean wide = size == 8;
      this.result = result && !(d.operand(0) instanceof Operand.Sink);
      out = !this.result ? 0 : wide ? d.wide(0, t) : d.word(0, t);
      b = wide ? d.wide(first, t) : d.word(first, t);
      boolean swap = d.count() > first + 1;
      c = !swap ? b : wide ? d.wide(first + 1, t) : d.word(first + 1, t);
      if (d.count() > first + 2) {
        throw d.error("a cache hint");
      }
    }

    @Override
    void shared(Warp warp, AddressLanes lanes) {
      warp.block.shared.bounds(warp, this, lanes);
      warp.block.shared.checkAtomic(warp, this, lanes);
      if (warp.processor.counting) {
        warp.processor.banks.count(warp.processor, lanes);
      }
      apply(warp, warp.block.shared.words, 0, lanes);
    }

    @Override
    void global(Warp warp, AddressLanes lanes) {
      Allocation allocation = warp.processor.global.access(warp, this, lanes, Mode.ATOMIC);
      apply(warp, allocation.words(), allocation.base(), warp.processor.global.groupLanes);
    }

    @Override
    void local(Warp warp, AddressLanes lanes) {
      int lane = Integer.numberOfTrailingZeros(lanes.mask);
      throw warp.fault(
          DeviceFault.Kind.OUT_OF_BOUNDS_LOCAL,
          this,
          lane,
          lanes.at[lane],
          "an atomic operation on local memory");
    }

    @Override
    void param(Warp warp, AddressLanes lanes) {
      local(warp, lanes);
    }

    private void apply(Warp warp, int[] words, long base, AddressLanes lanes) {
      boolean descending = warp.processor.turns.descending();
      for (int m = lanes.mask; m != 0; ) {
        int i =
            descending ? 31 - Integer.numberOfLeadingZeros(m) : Integer.numberOfTrailingZeros(m);
        m &= ~(1 << i);
        long at = lanes.at[i] - base;
        int w = (int) (at >>> 2);
        if (size == 8) {
          long old = (long) words[w + 1] << 32 | (words[w] & 0xffffffffL);
          long now = update.of(old, warp.q[b + i], warp.q[c + i]);
          words[w] = (int) now;
          words[w + 1] = (int) (now >>> 32);
          if (result) {
            warp.q[out + i] = old;
          }
        } else {
          int shift = (int) (at & 3) * 8;
          int mask = size == 4 ? -1 : (1 << (size * 8)) - 1;
          long keep = mask & 0xffffffffL;
          long old = words[w] >>> shift & keep;
          long now = update.of(old, operand(warp.r[b + i], keep), operand(warp.r[c + i], keep));
          words[w] = (words[w] & ~(mask << shift)) | (int) (now & keep) << shift;
          if (result) {
            warp.r[out + i] = (int) old;
          }
        }
      }
    }

    private static long operand(int raw, long keep) {
      return raw & keep;
    }

    @Override
    public String toString() {
      return "atomic " + type;
    }
  }
}
