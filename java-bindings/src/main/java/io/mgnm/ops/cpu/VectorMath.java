package io.mgnm.ops.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * exp, logistic function, tanh and log(1 + x) from + − × ÷ fma and integer operations, so that
 * every processor, and the interpreter, gives the same bits.
 *
 * <p>exp(x) = 2ⁿ·exp(r) with n = round(x/ln 2) and |r| ≤ ln 2 / 2; exp(r) − 1 is the Taylor
 * polynomial to r⁷, whose remainder, below 6e-9, is a tenth of float's rounding.
 *
 * <p>log(1 + x) = n·ln 2 + log(1 + f) with 1/√2 ≤ 1 + f < √2; log(1 + f) = 2·artanh(s), s = f/(2 +
 * f), is the series to s⁹, whose remainder is below 1e-9 of the value.
 */
final class VectorMath {
  static final float LOG2_E = (float) (1 / Math.log(2));

  /** ln 2 in two parts: the first has few bits, so n times it is exact. */
  static final float LN2_HIGH = 0.693359375f;

  static final float LN2_LOW = (float) (Math.log(2) - 0.693359375);

  /** Adding 1.5·2²³ rounds to an integer, which then stands in the low bits. */
  static final float ROUND = 12582912f;

  static final float C2 = 1f / 2;
  static final float C3 = 1f / 6;
  static final float C4 = 1f / 24;
  static final float C5 = 1f / 120;
  static final float C6 = 1f / 720;
  static final float C7 = 1f / 5040;

  /** exp saturates outside: 2ⁿ must stay a normal number. */
  static final float LARGEST = 88f;

  static final float SMALLEST = -87f;

  /** tanh is 1 in float from 9.02 on; the argument of exp is twice that. */
  private static final float TANH_LIMIT = 20f;

  private static final int SQRT_HALF_BITS = Float.floatToRawIntBits((float) Math.sqrt(0.5));

  private VectorMath() {}

  /** e^x, within 2 units in the last place for −87 ≤ x ≤ 88, saturating outside. NaN stays NaN. */
  static FloatVector exp(FloatVector x) {
    FloatVector y = clamp(x, SMALLEST, LARGEST);
    FloatVector shifted = y.fma(broadcast(LOG2_E), broadcast(ROUND));
    FloatVector p = expMinusOne(remainder(y, shifted));
    FloatVector scale = powerOfTwo(shifted);
    return p.fma(scale, scale);
  }

  /** 1 / (1 + e^−x). */
  static FloatVector sigmoid(FloatVector x) {
    return broadcast(1f).div(exp(x.neg()).add(1f));
  }

  /** tanh x = (e^2x − 1) / (e^2x + 1), with e^2x − 1 to full relative accuracy near 0. */
  static FloatVector tanh(FloatVector x) {
    FloatVector y = clamp(x.add(x), -TANH_LIMIT, TANH_LIMIT);
    FloatVector shifted = y.fma(broadcast(LOG2_E), broadcast(ROUND));
    FloatVector p = expMinusOne(remainder(y, shifted));
    FloatVector scale = powerOfTwo(shifted);
    FloatVector minusOne = p.fma(scale, scale.sub(1f));
    return minusOne.div(minusOne.add(2f));
  }

  /**
   * log(1 + x), within 4 units in the last place for finite x > −1. NaN stays NaN, and infinity
   * gives NaN: neither comes out as a number.
   */
  static FloatVector log1p(FloatVector x) {
    FloatVector u = x.add(1f);
    FloatVector lost = x.sub(u.sub(1f)).div(u); // what rounding took from u, relative to it
    IntVector bits = u.reinterpretAsInts();
    IntVector n = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
    IntVector mantissa = bits.sub(n.lanewise(VectorOperators.LSHL, 23));
    FloatVector f = mantissa.reinterpretAsFloats().sub(1f);
    FloatVector exponent = n.add(Float.floatToRawIntBits(ROUND)).reinterpretAsFloats().sub(ROUND);
    FloatVector s = f.div(f.add(2f));
    FloatVector square = s.mul(s);
    FloatVector p = square.fma(broadcast(2f / 9), broadcast(2f / 7));
    p = p.fma(square, broadcast(2f / 5));
    p = p.fma(square, broadcast(2f / 3));
    // log(1 + f) = 2s + s·p·s², and 2s = f − s·f, of which f is exact
    FloatVector tail = p.mul(square).sub(f).fma(s, lost);
    FloatVector low = exponent.fma(broadcast(LN2_LOW), tail);
    return exponent.fma(broadcast(LN2_HIGH), low.add(f));
  }

  /** x − n·ln 2, where {@code shifted} is n + {@link #ROUND}. */
  private static FloatVector remainder(FloatVector x, FloatVector shifted) {
    FloatVector n = shifted.sub(ROUND);
    FloatVector high = n.fma(broadcast(-LN2_HIGH), x);
    return n.fma(broadcast(-LN2_LOW), high);
  }

  /** e^r − 1 for |r| ≤ ln 2 / 2. */
  private static FloatVector expMinusOne(FloatVector r) {
    FloatVector p = r.fma(broadcast(C7), broadcast(C6));
    p = p.fma(r, broadcast(C5));
    p = p.fma(r, broadcast(C4));
    p = p.fma(r, broadcast(C3));
    p = p.fma(r, broadcast(C2));
    return p.mul(r).fma(r, r);
  }

  /** 2ⁿ: the integer in the low bits of {@code shifted} becomes the exponent. */
  private static FloatVector powerOfTwo(FloatVector shifted) {
    IntVector bits = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
  }

  /** By comparisons, which leave NaN alone and compile to two instructions. */
  private static FloatVector clamp(FloatVector x, float least, float most) {
    FloatVector upper = x.blend(most, x.compare(VectorOperators.GT, most));
    return upper.blend(least, upper.compare(VectorOperators.LT, least));
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
