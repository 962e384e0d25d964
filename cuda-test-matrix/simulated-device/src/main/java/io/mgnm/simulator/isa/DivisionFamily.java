package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Rounding.bits;
import static io.mgnm.simulator.isa.Rounding.d;
import static io.mgnm.simulator.isa.Rounding.f;
import static io.mgnm.simulator.isa.Rounding.flush;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;
import java.math.BigDecimal;

/**
 * {@code div rem rcp sqrt rsqrt}. The approximate forms are given here as the nearest float, which
 * is within every error that the ISA states for them.
 */
final class DivisionFamily {
  private DivisionFamily() {}

  static Instruction decode(Decoding s, int index) {
    Type t = s.lastType();
    if (t == null || !t.floating()) {
      return IntegerArithmeticFamily.decode(s);
    }
    s.type();
    boolean approximate = s.take("approx") || s.take("full");
    boolean ftz = s.take("ftz");
    Rounding mode = s.rounding();
    Instruction result =
        switch (t) {
          case F32 -> single(s, mode, ftz);
          case F64 -> twice(s, mode, approximate);
          default -> throw s.error("type ." + t);
        };
    if (approximate || s.base.startsWith("r")) {
      result.kind = InstructionClass.SPECIAL;
    }
    return result;
  }

  private static Instruction single(Decoding s, Rounding mode, boolean ftz) {
    Type t = Type.F32;
    if (mode == Rounding.RN && !ftz) {
      return switch (s.base) {
        case "div" -> Build.w2(s, t, (a, b) -> bits(f(a) / f(b)), () -> Vectors::floatDiv);
        case "rcp" -> Build.w1(s, t, a -> bits(1 / f(a)), () -> Vectors::floatInverse);
        case "sqrt" -> Build.w1(s, t, a -> bits((float) Math.sqrt(f(a))), () -> Vectors::floatRoot);
        case "rsqrt" -> Build.w1(s, t, a -> bits(inverseRoot(f(a))));
        default -> throw s.error("no such float instruction");
      };
    }
    if (mode == Rounding.RN) {
      return switch (s.base) {
        case "div" -> Build.w2(s, t, (a, b) -> bits(flush(flush(f(a)) / flush(f(b)))));
        case "rcp" -> Build.w1(s, t, a -> bits(flush(1 / flush(f(a)))));
        case "sqrt" -> Build.w1(s, t, a -> bits((float) Math.sqrt(flush(f(a)))));
        case "rsqrt" -> Build.w1(s, t, a -> bits(inverseRoot(flush(f(a)))));
        default -> throw s.error("no such float instruction");
      };
    }
    return switch (s.base) {
      case "div" -> Build.w2(s, t, (a, b) -> quotient(in(a, ftz), in(b, ftz), mode, ftz));
      case "rcp" -> Build.w1(s, t, a -> quotient(1, in(a, ftz), mode, ftz));
      case "sqrt" -> Build.w1(s, t, a -> bits(mode.toFloat(Rounding.root(in(a, ftz)))));
      default -> throw s.error("no such float instruction");
    };
  }

  private static float in(int bits, boolean ftz) {
    return ftz ? flush(f(bits)) : f(bits);
  }

  private static int quotient(float a, float b, Rounding mode, boolean ftz) {
    float result = mode.toFloat(Rounding.quotient(a, b));
    return bits(ftz ? flush(result) : result);
  }

  private static float inverseRoot(float x) {
    return x == 0 ? 1 / x : (float) (1 / Math.sqrt(x));
  }

  private static Instruction twice(Decoding s, Rounding mode, boolean approximate) {
    Type t = Type.F64;
    return switch (s.base) {
      case "div" -> Build.q2(s, t, (a, b) -> bits(quotient(d(a), d(b), mode)));
      case "rcp" ->
          approximate
              ? Build.q1(s, t, a -> bits(coarse(flushed(1 / flushed(d(a))))))
              : Build.q1(s, t, a -> bits(quotient(1, d(a), mode)));
      case "sqrt" -> Build.q1(s, t, a -> bits(root(d(a), mode)));
      case "rsqrt" -> Build.q1(s, t, a -> bits(1 / Math.sqrt(d(a))));
      default -> throw s.error("no such float instruction");
    };
  }

  /** {@code rcp.approx.ftz.f64} gives 20 bits and zeros below them. */
  private static double coarse(double value) {
    return Double.longBitsToDouble(Double.doubleToRawLongBits(value) & 0xffffffff00000000L);
  }

  private static double flushed(double v) {
    return Math.abs(v) < Double.MIN_NORMAL ? Math.copySign(0, v) : v;
  }

  private static double quotient(double a, double b, Rounding mode) {
    double q = a / b;
    boolean exact = !Double.isFinite(a) || !Double.isFinite(b) || a == 0 || b == 0;
    if (mode == Rounding.RN || exact) {
      return q;
    }
    if (Double.isInfinite(q)) {
      return mode == (q > 0 ? Rounding.RP : Rounding.RM) ? q : Math.copySign(Double.MAX_VALUE, q);
    }
    int rest = new BigDecimal(a).subtract(new BigDecimal(q).multiply(new BigDecimal(b))).signum();
    return mode.adjust(q, b < 0 ? -rest : rest);
  }

  private static double root(double a, Rounding mode) {
    double s = Math.sqrt(a);
    if (mode == Rounding.RN || !Double.isFinite(s) || s == 0) {
      return s;
    }
    BigDecimal root = new BigDecimal(s);
    return mode.adjust(s, new BigDecimal(a).subtract(root.multiply(root)).signum());
  }
}
