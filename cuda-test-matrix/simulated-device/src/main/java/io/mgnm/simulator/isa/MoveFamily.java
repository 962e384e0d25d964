package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;
import java.util.List;

/** {@code mov} with packing and unpacking, {@code cvta}, {@code isspacep}. */
final class MoveFamily {
  private MoveFamily() {}

  static Instruction decode(Decoding d, int index) {
    return switch (d.base) {
      case "mov" -> move(d);
      case "cvta" -> convertAddress(d);
      default -> inSpace(d);
    };
  }

  private static Instruction move(Decoding d) {
    Type t = d.type();
    d.expectOperands(2);
    if (t == Type.PRED && d.operand(1) instanceof Operand.Int constant) {
      return new SetPredicate(d.predicate(0), constant.value() != 0 ? -1 : 0);
    }
    if (t == Type.PRED) {
      return new MovePredicate(d.predicate(0), d.predicate(1), d.negated(1));
    }
    if (d.operand(0) instanceof Operand.Vector out) {
      return unpack(d, t, out.elements());
    }
    if (d.operand(1) instanceof Operand.Vector in) {
      return pack(d, t, in.elements());
    }
    if (d.operand(1) instanceof Operand.Name name) {
      switch (name.name()) {
        case "%clock", "%clock_hi", "%clock64", "%globaltimer", "%globaltimer_lo":
          return new Clock(d, t);
        default:
          break;
      }
    }
    return t.bytes() == 8
        ? Build.q1(d, t, a -> a, () -> Vectors::same)
        : Build.w1(d, t, a -> a, () -> Vectors::same);
  }

  /** {@code mov.b64 {a, b}, q} and {@code mov.b32 {h, h}, r}. */
  private static Instruction unpack(Decoding d, Type t, List<Operand> out) {
    int parts = out.size();
    int bits = t.bytes() * 8 / parts;
    int[] places = new int[parts];
    for (int i = 0; i < parts; i++) {
      places[i] = d.word(out.get(i), bits == 16 ? Type.B16 : Type.B32);
    }
    boolean wide = t.bytes() == 8;
    int in = wide ? d.wide(1, t) : d.word(1, t);
    if (bits != 16 && bits != 32) {
      throw d.error("unpacking into elements of " + bits + " bits");
    }
    return new Unpack(places, in, wide, bits);
  }

  private static Instruction pack(Decoding d, Type t, List<Operand> in) {
    int parts = in.size();
    int bits = t.bytes() * 8 / parts;
    int[] places = new int[parts];
    for (int i = 0; i < parts; i++) {
      places[i] = d.word(in.get(i), bits == 16 ? Type.B16 : Type.B32);
    }
    boolean wide = t.bytes() == 8;
    if (bits != 16 && bits != 32) {
      throw d.error("packing elements of " + bits + " bits");
    }
    return new Pack(wide ? d.wide(0, t) : d.word(0, t), places, wide, bits);
  }

  private static Instruction convertAddress(Decoding d) {
    boolean to = d.take("to");
    String space =
        d.takeAny("global", "const", "shared", "shared::cta", "local", "param", "param::entry");
    Type t = d.type();
    if (space == null || t.bytes() != 8) {
      throw d.error("this form of cvta");
    }
    long base = AddressWindows.base(space);
    Instruction result =
        base == 0
            ? Build.q1(d, t, a -> a, () -> Vectors::same)
            : to ? Build.q1(d, t, a -> a - base) : Build.q1(d, t, a -> a + base);
    result.kind = InstructionClass.MOVE;
    return result;
  }

  private static Instruction inSpace(Decoding d) {
    String space = d.takeAny("global", "const", "shared", "shared::cta", "local", "param");
    if (space == null) {
      throw d.error("this form of isspacep");
    }
    long base = AddressWindows.base(space);
    List<Allocation> constants = d.kernel.constants();
    TruthLoops.LongTest f =
        switch (space) {
          case "const" -> a -> inAny(constants, a);
          // The window of a kernel's parameters lies within that of global memory.
          case "global" ->
              a ->
                  AddressWindows.of(a) == AddressWindows.PARAM
                      || (AddressWindows.of(a) == 0 && !inAny(constants, a));
          default -> a -> AddressWindows.of(a) == base;
        };
    return Specialised.create(
            TruthLoops.LongTestLoop.class, PredicateResult.class, f, d.wide(1, Type.U64))
        .results(d.predicate(0), -1);
  }

  private static boolean inAny(List<Allocation> allocations, long address) {
    for (Allocation a : allocations) {
      if (a.contains(address, 1)) {
        return true;
      }
    }
    return false;
  }

  private static final class MovePredicate extends Instruction {
    private final int out;
    private final int in;
    private final boolean negated;

    MovePredicate(int out, int in, boolean negated) {
      this.out = out;
      this.in = in;
      this.negated = negated;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int value = negated ? ~warp.p[in] : warp.p[in];
      warp.p[out] = (warp.p[out] & ~mask) | (value & mask);
    }
  }

  private static final class SetPredicate extends Instruction {
    private final int out;
    private final int value;

    SetPredicate(int out, int value) {
      this.out = out;
      this.value = value;
    }

    @Override
    public void execute(Warp warp, int mask) {
      warp.p[out] = (warp.p[out] & ~mask) | (value & mask);
    }
  }

  /** The warp's own cycle by the latency table. */
  private static final class Clock extends Instruction {
    private final int out;
    private final boolean wide;
    private final boolean high;

    Clock(Decoding d, Type t) {
      wide = t.bytes() == 8;
      out = wide ? d.wide(0, t) : d.word(0, t);
      high = ((Operand.Name) d.operand(1)).name().equals("%clock_hi");
    }

    @Override
    public boolean readsClock() {
      return true;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long now = warp.processor.clock(warp);
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        if (wide) {
          warp.q[out + i] = now;
        } else {
          warp.r[out + i] = high ? 0 : (int) now;
        }
      }
    }
  }

  private static final class Unpack extends Instruction {
    private final int[] out;
    private final int in;
    private final boolean wide;
    private final int bits;

    Unpack(int[] out, int in, boolean wide, int bits) {
      this.out = out;
      this.in = in;
      this.wide = wide;
      this.bits = bits;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int keep = bits == 16 ? 0xffff : -1;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        long value = wide ? warp.q[in + i] : warp.r[in + i];
        for (int k = 0; k < out.length; k++) {
          warp.r[out[k] + i] = (int) (value >>> (k * bits)) & keep;
        }
      }
    }
  }

  private static final class Pack extends Instruction {
    private final int out;
    private final int[] in;
    private final boolean wide;
    private final int bits;

    Pack(int out, int[] in, boolean wide, int bits) {
      this.out = out;
      this.in = in;
      this.wide = wide;
      this.bits = bits;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long keep = bits == 16 ? 0xffffL : 0xffffffffL;
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        long value = 0;
        for (int k = 0; k < in.length; k++) {
          value |= (warp.r[in[k] + i] & keep) << (k * bits);
        }
        if (wide) {
          warp.q[out + i] = value;
        } else {
          warp.r[out + i] = (int) value;
        }
      }
    }
  }
}
