package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Rounding.bits;
import static io.mgnm.simulator.isa.Rounding.d;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;
import java.math.BigDecimal;

/** Double precision {@code add sub mul fma mad min max neg abs}. */
final class DoubleFamily {
  private DoubleFamily() {}

  static Instruction decode(Decoding s) {
    s.type();
    Type t = Type.F64;
    switch (s.base) {
      case "neg":
        return Build.q1(s, t, a -> a ^ Long.MIN_VALUE);
      case "abs":
        return Build.q1(s, t, a -> a & Long.MAX_VALUE);
      case "min":
        return Build.q2(s, t, (a, b) -> bits(-max(-d(a), -d(b))));
      case "max":
        return Build.q2(s, t, (a, b) -> bits(max(d(a), d(b))));
      default:
        break;
    }
    Rounding mode = s.rounding();
    boolean nearest = mode == Rounding.RN;
    return switch (s.base) {
      case "add" ->
          nearest
              ? Build.q2(s, t, (a, b) -> bits(d(a) + d(b)))
              : Build.q2(s, t, (a, b) -> bits(sum(d(a), d(b), mode)));
      case "sub" ->
          nearest
              ? Build.q2(s, t, (a, b) -> bits(d(a) - d(b)))
              : Build.q2(s, t, (a, b) -> bits(sum(d(a), -d(b), mode)));
      case "mul" ->
          nearest
              ? Build.q2(s, t, (a, b) -> bits(d(a) * d(b)))
              : Build.q2(s, t, (a, b) -> bits(directed(d(a), d(b), 0, d(a) * d(b), mode)));
      case "fma", "mad" ->
          nearest
              ? Build.q3(s, t, (a, b, c) -> bits(Math.fma(d(a), d(b), d(c))))
              : Build.q3(
                  s,
                  t,
                  (a, b, c) -> bits(directed(d(a), d(b), d(c), Math.fma(d(a), d(b), d(c)), mode)));
      default -> throw s.error("no double precision form");
    };
  }

  private static double max(double a, double b) {
    if (Double.isNaN(a)) {
      return b;
    }
    return Double.isNaN(b) ? a : Math.max(a, b);
  }

  private static double sum(double a, double b, Rounding mode) {
    return directed(a, 1, b, a + b, mode);
  }

  /** {@code a * b + c} rounded in {@code mode}, given the nearest double. */
  private static double directed(double a, double b, double c, double nearest, Rounding mode) {
    if (!Double.isFinite(a) || !Double.isFinite(b) || !Double.isFinite(c)) {
      return nearest;
    }
    BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
    if (exact.signum() == 0) {
      double product = a * b;
      boolean opposite = Math.copySign(1, product) != Math.copySign(1, c);
      return opposite && mode == Rounding.RM ? -0.0 : nearest;
    }
    if (Double.isInfinite(nearest)) {
      boolean keep = nearest > 0 ? mode == Rounding.RP : mode == Rounding.RM;
      return keep ? nearest : Math.copySign(Double.MAX_VALUE, nearest);
    }
    return mode.adjust(nearest, exact.compareTo(new BigDecimal(nearest)));
  }
}
