package io.mgnm.simulator.isa;

/**
 * Rounding as the PTX ISA says. A result is first brought into a double so that it can still be
 * rounded right: exactly, or "to odd" (inexact results get an odd last bit, which no narrower
 * rounding mistakes for a tie or an exact value; sound because a double has more than twice the
 * narrower precision plus two bits).
 */
enum Rounding {
  /** To nearest, ties to even. */
  RN,
  /** Towards zero. */
  RZ,
  /** Towards minus infinity. */
  RM,
  /** Towards plus infinity. */
  RP;

  private static final int NAN32 = 0x7fffffff;

  /** The exact sum of two doubles, rounded to odd. */
  static double sum(double a, double b) {
    double s = a + b;
    double t = s - a;
    return odd(s, a - (s - t) + (b - t));
  }

  /** The quotient of two floats, rounded to odd. */
  static double quotient(double a, double b) {
    double q = a / b;
    double rest = Math.fma(-q, b, a);
    return odd(q, b < 0 ? -rest : rest);
  }

  /** The square root of a float, rounded to odd. */
  static double root(double a) {
    double s = Math.sqrt(a);
    return odd(s, Math.fma(-s, s, a));
  }

  /** {@code value} plus something tiny of the sign of {@code rest}, to odd. */
  private static double odd(double value, double rest) {
    if (rest == 0 || !(Math.abs(rest) < Double.MAX_VALUE) || !Double.isFinite(value)) {
      return value;
    }
    long bits = Double.doubleToRawLongBits(value);
    if ((bits & 1) != 0) {
      return value;
    }
    return Double.longBitsToDouble(rest > 0 == value > 0 ? bits + 1 : bits - 1);
  }

  /** To {@code precision} bits with least normal exponent {@code least}. */
  double narrow(double v, int precision, int least, double largest) {
    if (v == 0 || !Double.isFinite(v)) {
      return v;
    }
    int exponent = Math.max(Math.getExponent(v), least);
    double ulp = Math.scalb(1.0, exponent - precision + 1);
    double units = v / ulp;
    double rounded =
        switch (this) {
          case RN -> Math.rint(units);
          case RM -> Math.floor(units);
          case RP -> Math.ceil(units);
          case RZ -> units < 0 ? Math.ceil(units) : Math.floor(units);
        };
    double result = rounded * ulp;
    if (Math.abs(result) > largest) {
      boolean toInfinity = this == RN || (this == RP && v > 0) || (this == RM && v < 0);
      return Math.copySign(toInfinity ? Double.POSITIVE_INFINITY : largest, v);
    }
    return result;
  }

  /** To a float. */
  float toFloat(double v) {
    return this == RN ? (float) v : (float) narrow(v, 24, -126, Float.MAX_VALUE);
  }

  /** Bits of a float result: NaN is the canonical one. */
  static int bits(float value) {
    int raw = Float.floatToRawIntBits(value);
    return (raw & 0x7fffffff) > 0x7f800000 ? NAN32 : raw;
  }

  /** Bits of a double result; PTX preserves NaN payloads only by chance, so Java's will do. */
  static long bits(double value) {
    return Double.doubleToRawLongBits(value);
  }

  /** A float with subnormals flushed to zero of the same sign. */
  static float flush(float x) {
    return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0f, x) : x;
  }

  static float f(int bits) {
    return Float.intBitsToFloat(bits);
  }

  static double d(long bits) {
    return Double.longBitsToDouble(bits);
  }

  /** Clamps to [0, 1]; NaN becomes 0. */
  static float saturate(float x) {
    return x >= 0 ? Math.min(x, 1f) : 0f;
  }

  /** A double result given its nearest double and the sign of what is missing. */
  double adjust(double nearest, double rest) {
    if (this == RN || rest == 0 || Double.isNaN(rest) || !Double.isFinite(nearest)) {
      return nearest;
    }
    boolean up = this == RP || (this == RZ && Math.copySign(1, nearest) < 0);
    if (up) {
      return rest > 0 ? Math.nextUp(nearest) : nearest;
    }
    return rest < 0 ? Math.nextDown(nearest) : nearest;
  }

  /** A sum of zero from operands of opposite signs is -0 only when rounding down. */
  float zeroSum(float result, float a, float b) {
    return result == 0
            && this == RM
            && (a != 0 || Float.floatToRawIntBits(a) != Float.floatToRawIntBits(b))
        ? -0f
        : result;
  }
}
