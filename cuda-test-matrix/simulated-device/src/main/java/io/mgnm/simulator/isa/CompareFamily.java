package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Rounding.d;
import static io.mgnm.simulator.isa.Rounding.f;
import static io.mgnm.simulator.isa.Rounding.flush;

import io.mgnm.simulator.isa.PredicateResult.Combine;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;
import java.util.Locale;

/** {@code setp set selp slct testp copysign}. */
final class CompareFamily {
  private static final String[] COMPARISONS = {
    "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu",
    "geu", "num", "nan"
  };

  private CompareFamily() {}

  static Instruction decode(Decoding s, int index) {
    return switch (s.base) {
      case "setp" -> setp(s);
      case "set" -> set(s);
      case "selp" -> select(s);
      case "slct" -> choose(s);
      case "testp" -> test(s);
      default -> {
        Type t = s.type();
        yield t == Type.F64
            ? Build.q2(s, t, (a, b) -> (a & Long.MIN_VALUE) | (b & Long.MAX_VALUE))
            : Build.w2(s, t, (a, b) -> (a & 0x80000000) | (b & 0x7fffffff));
      }
    };
  }

  private static Instruction setp(Decoding s) {
    String comparison = s.takeAny(COMPARISONS);
    String combine = s.takeAny("and", "or", "xor");
    boolean ftz = s.take("ftz");
    Type t = s.type();
    if (comparison == null) {
      throw s.error("a comparison is missing");
    }
    Operand result = s.operand(0);
    Operand second = new Operand.Sink();
    if (result instanceof Operand.Pair pair) {
      result = pair.first();
      second = pair.second();
      if (t.bytes() == 2 && t.floating()) {
        throw s.error("two results of halves");
      }
    }
    if (t == Type.F16X2 || t == Type.BF16X2) {
      throw s.error("packed comparisons");
    }
    PredicateResult instruction = compare(s, t, comparison, ftz, s.operand(1), s.operand(2));
    instruction.results(s.predicate(result), s.predicate(second));
    if (combine != null) {
      instruction.combined(
          Combine.valueOf(combine.toUpperCase(Locale.ROOT)), s.predicate(3), s.negated(3));
    }
    return instruction;
  }

  private static PredicateResult compare(
      Decoding s, Type t, String comparison, boolean ftz, Operand a, Operand b) {
    if (t.bytes() == 8) {
      TruthLoops.LongCompare f = t == Type.F64 ? doubles(s, comparison) : longs(s, t, comparison);
      return Specialised.create(
          TruthLoops.LongCompareLoop.class, PredicateResult.class, f, s.wide(a, t), s.wide(b, t));
    }
    TruthLoops.WordCompare f =
        t == Type.F32
            ? ftz ? flushed(floats(s, comparison)) : floats(s, comparison)
            : t.floating() ? halves(s, t, comparison, ftz) : words(s, t, comparison);
    int x = s.word(a, t);
    int y = s.word(b, t);
    PredicateResult cold =
        Specialised.create(TruthLoops.WordCompareLoop.class, PredicateResult.class, f, x, y);
    if (t.bytes() < 4 || ftz) {
      return cold;
    }
    return Specialised.withHotForm(
        cold,
        f,
        () ->
            Specialised.create(
                    VectorLoops.CompareLoop.class,
                    PredicateResult.class,
                    VectorComparisons.of(t, comparison),
                    x,
                    y)
                .like(cold));
  }

  private static TruthLoops.WordCompare flushed(TruthLoops.WordCompare inner) {
    return (a, b) ->
        inner.of(Float.floatToRawIntBits(flush(f(a))), Float.floatToRawIntBits(flush(f(b))));
  }

  private static TruthLoops.WordCompare words(Decoding s, Type t, String comparison) {
    if (t.bytes() == 2 && t.signed()) {
      TruthLoops.WordCompare inner = words(s, Type.S32, comparison);
      return (a, b) -> inner.of((short) a, (short) b);
    }
    boolean signed = t.signed();
    return switch (comparison) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt", "lo" -> signed ? (a, b) -> a < b : (a, b) -> Integer.compareUnsigned(a, b) < 0;
      case "le", "ls" -> signed ? (a, b) -> a <= b : (a, b) -> Integer.compareUnsigned(a, b) <= 0;
      case "gt", "hi" -> signed ? (a, b) -> a > b : (a, b) -> Integer.compareUnsigned(a, b) > 0;
      case "ge", "hs" -> signed ? (a, b) -> a >= b : (a, b) -> Integer.compareUnsigned(a, b) >= 0;
      default -> throw s.error("comparison " + comparison + " of integers");
    };
  }

  private static TruthLoops.LongCompare longs(Decoding s, Type t, String comparison) {
    boolean signed = t.signed();
    return switch (comparison) {
      case "eq" -> (a, b) -> a == b;
      case "ne" -> (a, b) -> a != b;
      case "lt", "lo" -> signed ? (a, b) -> a < b : (a, b) -> Long.compareUnsigned(a, b) < 0;
      case "le", "ls" -> signed ? (a, b) -> a <= b : (a, b) -> Long.compareUnsigned(a, b) <= 0;
      case "gt", "hi" -> signed ? (a, b) -> a > b : (a, b) -> Long.compareUnsigned(a, b) > 0;
      case "ge", "hs" -> signed ? (a, b) -> a >= b : (a, b) -> Long.compareUnsigned(a, b) >= 0;
      default -> throw s.error("comparison " + comparison + " of integers");
    };
  }

  /** Comparisons ending in u are true where an operand is NaN. */
  private static TruthLoops.WordCompare floats(Decoding s, String comparison) {
    return switch (comparison) {
      case "eq" -> (a, b) -> f(a) == f(b);
      case "ne" -> (a, b) -> f(a) < f(b) || f(a) > f(b);
      case "lt" -> (a, b) -> f(a) < f(b);
      case "le" -> (a, b) -> f(a) <= f(b);
      case "gt" -> (a, b) -> f(a) > f(b);
      case "ge" -> (a, b) -> f(a) >= f(b);
      case "equ" -> (a, b) -> !(f(a) < f(b) || f(a) > f(b));
      case "neu" -> (a, b) -> f(a) != f(b);
      case "ltu" -> (a, b) -> !(f(a) >= f(b));
      case "leu" -> (a, b) -> !(f(a) > f(b));
      case "gtu" -> (a, b) -> !(f(a) <= f(b));
      case "geu" -> (a, b) -> !(f(a) < f(b));
      case "num" -> (a, b) -> !Float.isNaN(f(a)) && !Float.isNaN(f(b));
      case "nan" -> (a, b) -> Float.isNaN(f(a)) || Float.isNaN(f(b));
      default -> throw s.error("comparison " + comparison + " of floats");
    };
  }

  private static TruthLoops.LongCompare doubles(Decoding s, String comparison) {
    return switch (comparison) {
      case "eq" -> (a, b) -> d(a) == d(b);
      case "ne" -> (a, b) -> d(a) < d(b) || d(a) > d(b);
      case "lt" -> (a, b) -> d(a) < d(b);
      case "le" -> (a, b) -> d(a) <= d(b);
      case "gt" -> (a, b) -> d(a) > d(b);
      case "ge" -> (a, b) -> d(a) >= d(b);
      case "equ" -> (a, b) -> !(d(a) < d(b) || d(a) > d(b));
      case "neu" -> (a, b) -> d(a) != d(b);
      case "ltu" -> (a, b) -> !(d(a) >= d(b));
      case "leu" -> (a, b) -> !(d(a) > d(b));
      case "gtu" -> (a, b) -> !(d(a) <= d(b));
      case "geu" -> (a, b) -> !(d(a) < d(b));
      case "num" -> (a, b) -> !Double.isNaN(d(a)) && !Double.isNaN(d(b));
      case "nan" -> (a, b) -> Double.isNaN(d(a)) || Double.isNaN(d(b));
      default -> throw s.error("comparison " + comparison + " of doubles");
    };
  }

  private static TruthLoops.WordCompare halves(Decoding s, Type t, String comparison, boolean ftz) {
    SmallFloat format = SmallFloat.of(t);
    TruthLoops.WordCompare inner = floats(s, comparison);
    // Both formats are subsets of float: comparing there is exact.
    return (a, b) ->
        inner.of(
            Float.floatToRawIntBits((float) format.value(a & 0xffff, ftz)),
            Float.floatToRawIntBits((float) format.value(b & 0xffff, ftz)));
  }

  /** {@code set}: all ones or 1.0 where true. */
  private static Instruction set(Decoding s) {
    String comparison = s.takeAny(COMPARISONS);
    String combine = s.takeAny("and", "or", "xor");
    boolean ftz = s.take("ftz");
    Type result = s.type();
    Type t = s.type();
    if (comparison == null || t.bytes() == 8 || combine != null || result.bytes() == 8) {
      throw s.error("this form of set");
    }
    int one = result == Type.F32 ? 0x3f800000 : -1;
    if (t == Type.F16X2 || t == Type.BF16X2) {
      TruthLoops.WordCompare f = halves(s, t, comparison, ftz);
      int unit = !result.floating() ? 0xffff : SmallFloat.of(result).bits(1, Rounding.RN);
      return Build.w2(
          s,
          t,
          (a, b) ->
              (f.of(a & 0xffff, b & 0xffff) ? unit : 0)
                  | (f.of(a >>> 16, b >>> 16) ? unit << 16 : 0));
    }
    if (result.bytes() == 2) {
      throw s.error("this form of set");
    }
    TruthLoops.WordCompare f =
        t == Type.F32
            ? ftz ? flushed(floats(s, comparison)) : floats(s, comparison)
            : t.floating() ? halves(s, t, comparison, ftz) : words(s, t, comparison);
    return Build.w2(s, t, (a, b) -> f.of(a, b) ? one : 0);
  }

  private static Instruction select(Decoding s) {
    Type t = s.type();
    s.expectOperands(4);
    int p = s.predicate(3);
    boolean negated = s.negated(3);
    return t.bytes() == 8
        ? new SelectLong(s.wide(0, t), s.wide(1, t), s.wide(2, t), p, negated)
        : selectWord(s.word(0, t), s.word(1, t), s.word(2, t), p, negated);
  }

  private static Instruction selectWord(int out, int a, int b, int p, boolean negated) {
    Instruction cold = new SelectWord(out, a, b, p, negated);
    return Specialised.withHotForm(cold, cold, () -> new VectorLoops.Select(out, a, b, p, negated));
  }

  private static final class SelectWord extends Instruction {
    private final int out;
    private final int a;
    private final int b;
    private final int p;
    private final boolean negated;

    SelectWord(int out, int a, int b, int p, boolean negated) {
      this.out = out;
      this.a = a;
      this.b = b;
      this.p = p;
      this.negated = negated;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      int choice = negated ? ~warp.p[p] : warp.p[p];
      for (int i = 0; i < Warp.LANES; i++) {
        int value = (choice >>> i & 1) != 0 ? r[a + i] : r[b + i];
        r[out + i] = (mask >>> i & 1) != 0 ? value : r[out + i];
      }
    }
  }

  private static final class SelectLong extends Instruction {
    private final int out;
    private final int a;
    private final int b;
    private final int p;
    private final boolean negated;

    SelectLong(int out, int a, int b, int p, boolean negated) {
      this.out = out;
      this.a = a;
      this.b = b;
      this.p = p;
      this.negated = negated;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      int choice = negated ? ~warp.p[p] : warp.p[p];
      for (int i = 0; i < Warp.LANES; i++) {
        long value = (choice >>> i & 1) != 0 ? q[a + i] : q[b + i];
        q[out + i] = (mask >>> i & 1) != 0 ? value : q[out + i];
      }
    }
  }

  /** {@code slct}: by the sign of the third operand. */
  private static Instruction choose(Decoding s) {
    boolean ftz = s.take("ftz");
    Type t = s.type();
    boolean real = s.type() == Type.F32;
    if (t.bytes() == 8) {
      LongLoops.LongChoice f = (a, b, c) -> chosen(c, real, ftz) ? a : b;
      return Specialised.create(
          LongLoops.LongChoiceLoop.class,
          Instruction.class,
          f,
          s.wide(0, t),
          s.wide(1, t),
          s.wide(2, t),
          s.word(3, real ? Type.F32 : Type.S32));
    }
    return Build.w3(s, t, real ? Type.F32 : Type.S32, (a, b, c) -> chosen(c, real, ftz) ? a : b);
  }

  private static boolean chosen(int c, boolean real, boolean ftz) {
    return real ? (ftz ? flush(f(c)) : f(c)) >= 0 : c >= 0;
  }

  private static Instruction test(Decoding s) {
    String what = s.takeAny("finite", "infinite", "number", "notanumber", "normal", "subnormal");
    Type t = s.type();
    if (what == null) {
      throw s.error("a property is missing");
    }
    PredicateResult result;
    if (t == Type.F64) {
      TruthLoops.LongTest f = a -> is(what, d(a), Double.MIN_NORMAL);
      result =
          Specialised.create(TruthLoops.LongTestLoop.class, PredicateResult.class, f, s.wide(1, t));
    } else {
      TruthLoops.WordTest f = a -> is(what, f(a), Float.MIN_NORMAL);
      result =
          Specialised.create(TruthLoops.WordTestLoop.class, PredicateResult.class, f, s.word(1, t));
    }
    return result.results(s.predicate(0), -1);
  }

  private static boolean is(String what, double v, double least) {
    double size = Math.abs(v);
    return switch (what) {
      case "finite" -> size < Double.POSITIVE_INFINITY;
      case "infinite" -> size == Double.POSITIVE_INFINITY;
      case "number" -> !Double.isNaN(v);
      case "notanumber" -> Double.isNaN(v);
      case "normal" -> size >= least && size < Double.POSITIVE_INFINITY;
      default -> size > 0 && size < least;
    };
  }
}
