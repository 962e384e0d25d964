package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * exp and log(1 + x) from + − × ÷ fma and integer operations, so that every processor, and the
 * interpreter, gives the same bits.
 *
 * <p>exp(x) = 2ⁿ·exp(r) with n = round(x/ln 2) and |r| ≤ ln 2 / 2; exp(r) − 1 is the Taylor
 * polynomial to r⁷, whose remainder, below 6e-9, is a tenth of float's rounding.
 *
 * <p>log(1 + x) = 2·artanh(s), s = x/(2 + x) ≤ 1/3 for x ≤ 1: the series to s¹⁵, whose remainder is
 * below 2e-9 of the value.
 *
 * <p>Constants are broadcast where they are used, not in a method of ours: in a large compilation
 * C2 goes on inlining the Vector API's methods only, and a vector that crosses a call is allocated.
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

  private VectorMath() {}

  /** e^x, within 2 units in the last place for −87 ≤ x ≤ 88, saturating outside. NaN stays NaN. */
  static FloatVector exp(FloatVector x) {
    FloatVector y = clamp(x, SMALLEST, LARGEST);
    FloatVector shifted =
        y.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND));
    FloatVector p = expMinusOne(remainder(y, shifted));
    FloatVector scale = powerOfTwo(shifted);
    return p.fma(scale, scale);
  }

  /** log(1 + x), within 3 units in the last place for 0 ≤ x ≤ 1. NaN stays NaN. */
  static FloatVector log1p(FloatVector x) {
    FloatVector s = x.div(x.add(2f));
    FloatVector square = s.mul(s);
    FloatVector p =
        square.fma(FloatVector.broadcast(FLOATS, 2f / 15), FloatVector.broadcast(FLOATS, 2f / 13));
    p = p.fma(square, FloatVector.broadcast(FLOATS, 2f / 11));
    p = p.fma(square, FloatVector.broadcast(FLOATS, 2f / 9));
    p = p.fma(square, FloatVector.broadcast(FLOATS, 2f / 7));
    p = p.fma(square, FloatVector.broadcast(FLOATS, 2f / 5));
    p = p.fma(square, FloatVector.broadcast(FLOATS, 2f / 3));
    return p.mul(square).sub(x).fma(s, x); // 2s + s³·p, and 2s = x − s·x, of which x is exact
  }

  /** x − n·ln 2, where {@code shifted} is n + {@link #ROUND}. */
  private static FloatVector remainder(FloatVector x, FloatVector shifted) {
    FloatVector n = shifted.sub(ROUND);
    FloatVector high = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), x);
    return n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), high);
  }

  /** e^r − 1 for |r| ≤ ln 2 / 2. */
  private static FloatVector expMinusOne(FloatVector r) {
    FloatVector p = r.fma(FloatVector.broadcast(FLOATS, C7), FloatVector.broadcast(FLOATS, C6));
    p = p.fma(r, FloatVector.broadcast(FLOATS, C5));
    p = p.fma(r, FloatVector.broadcast(FLOATS, C4));
    p = p.fma(r, FloatVector.broadcast(FLOATS, C3));
    p = p.fma(r, FloatVector.broadcast(FLOATS, C2));
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
}
