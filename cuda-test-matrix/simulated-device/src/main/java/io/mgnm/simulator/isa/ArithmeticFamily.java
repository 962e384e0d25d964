package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Rounding.bits;
import static io.mgnm.simulator.isa.Rounding.f;
import static io.mgnm.simulator.isa.Rounding.flush;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;

/** {@code add sub mul mad fma min max neg abs}: sorts by type, and does single precision. */
final class ArithmeticFamily {
  private ArithmeticFamily() {}

  static Instruction decode(Decoding d, int index) {
    Type type = d.lastType();
    if (type == null) {
      throw d.error("a type is missing");
    }
    return switch (type) {
      case F32 -> single(d);
      case F64 -> DoubleFamily.decode(d);
      case F16, F16X2, BF16, BF16X2 -> HalfFamily.decode(d);
      default -> IntegerArithmeticFamily.decode(d);
    };
  }

  private static Instruction single(Decoding d) {
    d.type();
    boolean ftz = d.take("ftz");
    Type t = Type.F32;
    switch (d.base) {
      case "neg":
        return ftz
            ? Build.w1(d, t, a -> Float.floatToRawIntBits(flush(f(a))) ^ 0x80000000)
            : Build.w1(d, t, a -> a ^ 0x80000000, () -> Vectors::floatNeg);
      case "abs":
        return ftz
            ? Build.w1(d, t, a -> Float.floatToRawIntBits(flush(f(a))) & 0x7fffffff)
            : Build.w1(d, t, a -> a & 0x7fffffff, () -> Vectors::floatAbs);
      case "min", "max":
        return extremum(d, ftz);
      default:
        break;
    }
    Rounding mode = d.rounding();
    boolean saturate = d.take("sat");
    boolean plain = mode == Rounding.RN && !saturate;
    return switch (d.base) {
      case "add" ->
          plain
              ? ftz
                  ? Build.w2(d, t, (a, b) -> bits(flush(flush(f(a)) + flush(f(b)))))
                  : Build.w2(d, t, (a, b) -> bits(f(a) + f(b)), () -> Vectors::floatAdd)
              : Build.w2(d, t, (a, b) -> sum(in(a, ftz), in(b, ftz), mode, ftz, saturate));
      case "sub" ->
          plain
              ? ftz
                  ? Build.w2(d, t, (a, b) -> bits(flush(flush(f(a)) - flush(f(b)))))
                  : Build.w2(d, t, (a, b) -> bits(f(a) - f(b)), () -> Vectors::floatSub)
              : Build.w2(d, t, (a, b) -> sum(in(a, ftz), -in(b, ftz), mode, ftz, saturate));
      case "mul" ->
          plain
              ? ftz
                  ? Build.w2(d, t, (a, b) -> bits(flush(flush(f(a)) * flush(f(b)))))
                  : Build.w2(d, t, (a, b) -> bits(f(a) * f(b)), () -> Vectors::floatMul)
              : Build.w2(
                  d,
                  t,
                  (a, b) -> out(mode.toFloat((double) in(a, ftz) * in(b, ftz)), ftz, saturate));
      case "fma", "mad" ->
          plain
              ? ftz
                  ? Build.w3(
                      d,
                      t,
                      (a, b, c) -> bits(flush(Math.fma(flush(f(a)), flush(f(b)), flush(f(c))))))
                  : Build.w3(
                      d, t, (a, b, c) -> bits(Math.fma(f(a), f(b), f(c))), () -> Vectors::floatFma)
              : Build.w3(
                  d,
                  t,
                  (a, b, c) ->
                      sum((double) in(a, ftz) * in(b, ftz), in(c, ftz), mode, ftz, saturate));
      default -> throw d.error("no single precision form");
    };
  }

  private static float in(int bits, boolean ftz) {
    return ftz ? flush(f(bits)) : f(bits);
  }

  private static int out(float value, boolean ftz, boolean saturate) {
    float flushed = ftz ? flush(value) : value;
    return bits(saturate ? Rounding.saturate(flushed) : flushed);
  }

  /** A sum of doubles that hold floats or the exact product of two. */
  private static int sum(double a, double b, Rounding mode, boolean ftz, boolean saturate) {
    double exact = Rounding.sum(a, b);
    if (exact == 0) {
      // Exact zero: -0 if both are -0, or of opposite signs and rounding down.
      boolean negativeA = Math.copySign(1, a) < 0;
      boolean negativeB = Math.copySign(1, b) < 0;
      boolean same = a == 0 && b == 0 && negativeA == negativeB;
      return out(same ? (float) a : mode == Rounding.RM ? -0f : 0f, ftz, saturate);
    }
    return out(mode.toFloat(exact), ftz, saturate);
  }

  private static Instruction extremum(Decoding d, boolean ftz) {
    boolean nan = d.take("NaN");
    boolean signs = d.take("xorsign");
    if (signs && !d.take("abs")) {
      throw d.error(".xorsign without .abs");
    }
    boolean max = d.base.equals("max");
    if (!ftz && !nan && !signs && d.count() == 3) {
      return max
          ? Build.w2(d, Type.F32, (a, b) -> bits(max(f(a), f(b))), () -> Vectors::floatMax)
          : Build.w2(d, Type.F32, (a, b) -> bits(-max(-f(a), -f(b))), () -> Vectors::floatMin);
    }
    if (d.count() == 4) {
      return Build.w3(
          d,
          Type.F32,
          (a, b, c) -> extremum(extremum(a, b, max, ftz, nan, signs), c, max, ftz, nan, signs));
    }
    return Build.w2(d, Type.F32, (a, b) -> extremum(a, b, max, ftz, nan, signs));
  }

  /** The larger one; a NaN gives way to a number, and -0 is less than +0. */
  static float max(float a, float b) {
    if (Float.isNaN(a)) {
      return b;
    }
    return Float.isNaN(b) ? a : Math.max(a, b);
  }

  private static int extremum(int a, int b, boolean max, boolean ftz, boolean nan, boolean signs) {
    float x = in(a, ftz);
    float y = in(b, ftz);
    if (nan && (Float.isNaN(x) || Float.isNaN(y))) {
      return 0x7fffffff;
    }
    if (signs) {
      float result = max ? max(Math.abs(x), Math.abs(y)) : -max(-Math.abs(x), -Math.abs(y));
      return Float.isNaN(result)
          ? 0x7fffffff
          : (bits(result) & 0x7fffffff) | ((a ^ b) & 0x80000000);
    }
    return bits(max ? max(x, y) : -max(-x, -y));
  }
}
