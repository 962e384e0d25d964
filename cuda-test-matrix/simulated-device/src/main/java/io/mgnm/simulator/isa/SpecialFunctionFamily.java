package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Rounding.bits;
import static io.mgnm.simulator.isa.Rounding.f;
import static io.mgnm.simulator.isa.Rounding.flush;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;

/**
 * {@code ex2 lg2 sin cos tanh .approx}: computed in double and rounded once, so well within the
 * errors that the ISA states (2 ulp and the like).
 */
final class SpecialFunctionFamily {
  private static final double LOG2_E = 1.4426950408889634;

  private SpecialFunctionFamily() {}

  static Instruction decode(Decoding d, int index) {
    Type t = d.type();
    if (!d.take("approx")) {
      throw d.error("only .approx exists");
    }
    boolean ftz = d.take("ftz");
    if (t != Type.F32) {
      return HalfFamily.special(d, t);
    }
    return switch (d.base) {
      case "ex2" ->
          ftz
              ? Build.w1(d, t, a -> bits(flush(exp2(flush(f(a))))))
              : Build.w1(d, t, a -> bits(exp2(f(a))), () -> Vectors::exp2);
      case "lg2" ->
          ftz
              ? Build.w1(d, t, a -> bits((float) (Math.log(flush(f(a))) * LOG2_E)))
              : Build.w1(d, t, a -> bits((float) (Math.log(f(a)) * LOG2_E)));
      case "sin" ->
          ftz
              ? Build.w1(d, t, a -> bits(flush((float) Math.sin(flush(f(a))))))
              : Build.w1(d, t, a -> bits((float) Math.sin(f(a))));
      case "cos" -> Build.w1(d, t, a -> bits((float) Math.cos(f(a))));
      case "tanh" -> Build.w1(d, t, a -> bits(tanh(f(a))));
      default -> throw d.error("no such function");
    };
  }

  /** 2 to the x: Taylor's polynomial of 2^f for |f| at most 1/2, error below 2^-32. */
  static float exp2(float x) {
    double clamped = Math.max(-160.0, Math.min(160.0, x));
    double n = Math.rint(clamped);
    double g = (clamped - n) * 0.6931471805599453;
    double p = 1.0 / 40320;
    p = p * g + 1.0 / 5040;
    p = p * g + 1.0 / 720;
    p = p * g + 1.0 / 120;
    p = p * g + 1.0 / 24;
    p = p * g + 1.0 / 6;
    p = p * g + 0.5;
    p = p * g + 1.0;
    p = p * g + 1.0;
    double scale = Double.longBitsToDouble((long) ((int) n + 1023) << 52);
    return Float.isNaN(x) ? x : (float) (p * scale);
  }

  static float tanh(float x) {
    return (float) Math.tanh(x);
  }
}
