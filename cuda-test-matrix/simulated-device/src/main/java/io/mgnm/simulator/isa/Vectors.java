package io.mgnm.simulator.isa;

import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.UGE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_I2L;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** What instructions do to a vector of lanes; each the same as the function of one lane. */
final class Vectors {
  static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

  /** As many words as there are longs in a vector. */
  private static final VectorSpecies<Integer> HALF =
      VectorSpecies.of(int.class, VectorShape.forBitSize(LONGS.vectorBitSize() / 2));

  private static final int NAN = 0x7fffffff;
  private static final int SIGN = 0x80000000;

  private Vectors() {}

  /** Lanes {@code first} and up of a mask of 32 lanes. */
  static <E> VectorMask<E> mask(VectorSpecies<E> species, int lanes, int first) {
    return VectorMask.fromLong(species, (lanes & 0xffffffffL) >>> first);
  }

  static void put(IntVector value, int[] r, int out, int first, int lanes) {
    if (lanes == -1) {
      value.intoArray(r, out + first);
    } else {
      value.intoArray(r, out + first, mask(INTS, lanes, first));
    }
  }

  static void put(LongVector value, long[] q, int out, int first, int lanes) {
    if (lanes == -1) {
      value.intoArray(q, out + first);
    } else {
      value.intoArray(q, out + first, mask(LONGS, lanes, first));
    }
  }

  /** Words as longs, zero-extended. */
  static LongVector widened(int[] r, int from) {
    return (LongVector) IntVector.fromArray(HALF, r, from).convertShape(ZERO_EXTEND_I2L, LONGS, 0);
  }

  private static FloatVector f(IntVector bits) {
    return bits.reinterpretAsFloats();
  }

  /** As {@link Rounding#bits(float)}: NaN is the canonical one. */
  private static IntVector bits(FloatVector value) {
    return value.reinterpretAsInts().blend(NAN, value.test(IS_NAN).cast(INTS));
  }

  static IntVector same(IntVector a) {
    return a;
  }

  static IntVector floatAdd(IntVector a, IntVector b) {
    return bits(f(a).add(f(b)));
  }

  static IntVector floatSub(IntVector a, IntVector b) {
    return bits(f(a).sub(f(b)));
  }

  static IntVector floatMul(IntVector a, IntVector b) {
    return bits(f(a).mul(f(b)));
  }

  static IntVector floatFma(IntVector a, IntVector b, IntVector c) {
    return bits(f(a).fma(f(b), f(c)));
  }

  static IntVector floatDiv(IntVector a, IntVector b) {
    return bits(f(a).div(f(b)));
  }

  static IntVector floatInverse(IntVector a) {
    return bits(FloatVector.broadcast(FLOATS, 1).div(f(a)));
  }

  static IntVector floatRoot(IntVector a) {
    return bits(f(a).sqrt());
  }

  static IntVector floatNeg(IntVector a) {
    return a.lanewise(VectorOperators.XOR, SIGN);
  }

  static IntVector floatAbs(IntVector a) {
    return a.and(~SIGN);
  }

  /** The larger one; a NaN gives way to a number. */
  private static FloatVector larger(FloatVector a, FloatVector b) {
    return a.max(b).blend(a, b.test(IS_NAN)).blend(b, a.test(IS_NAN));
  }

  static IntVector floatMax(IntVector a, IntVector b) {
    return bits(larger(f(a), f(b)));
  }

  static IntVector floatMin(IntVector a, IntVector b) {
    return bits(larger(f(a).neg(), f(b).neg()).neg());
  }

  static IntVector add(IntVector a, IntVector b) {
    return a.add(b);
  }

  static IntVector sub(IntVector a, IntVector b) {
    return a.sub(b);
  }

  static IntVector mul(IntVector a, IntVector b) {
    return a.mul(b);
  }

  static IntVector mad(IntVector a, IntVector b, IntVector c) {
    return a.mul(b).add(c);
  }

  static IntVector and(IntVector a, IntVector b) {
    return a.and(b);
  }

  static IntVector or(IntVector a, IntVector b) {
    return a.or(b);
  }

  static IntVector xor(IntVector a, IntVector b) {
    return a.lanewise(VectorOperators.XOR, b);
  }

  static IntVector shl(IntVector a, IntVector b) {
    return a.lanewise(LSHL, b).blend(0, b.compare(UGE, 32));
  }

  static IntVector shr(IntVector a, IntVector b) {
    return a.lanewise(LSHR, b).blend(0, b.compare(UGE, 32));
  }

  static IntVector smaller(IntVector a, IntVector b) {
    return a.min(b);
  }

  static IntVector larger(IntVector a, IntVector b) {
    return a.max(b);
  }

  static LongVector same(LongVector a) {
    return a;
  }

  static LongVector add(LongVector a, LongVector b) {
    return a.add(b);
  }

  static LongVector sub(LongVector a, LongVector b) {
    return a.sub(b);
  }

  /** The sign of the low word, spread over the high one. */
  static LongVector extended(LongVector a) {
    return a.lanewise(LSHL, 32).lanewise(VectorOperators.ASHR, 32);
  }

  static LongVector product(LongVector a, LongVector b) {
    return a.mul(b);
  }

  static LongVector signedProduct(LongVector a, LongVector b) {
    return extended(a).mul(extended(b));
  }

  /** As {@link SpecialFunctionFamily#exp2}, step for step. */
  static IntVector exp2(IntVector a) {
    FloatVector x = f(a);
    FloatVector low = exp2(x, 0);
    FloatVector high = exp2(x, 1);
    return bits(low.add(high).blend(x, x.test(IS_NAN)));
  }

  /** The lower or the upper half of the results; zero in the other half. */
  private static FloatVector exp2(FloatVector x, int part) {
    DoubleVector clamped =
        ((DoubleVector) x.convertShape(VectorOperators.F2D, DOUBLES, part)).max(-160).min(160);
    // Adding and taking away 1.5 * 2^52 rounds to the nearest integer, ties to even.
    DoubleVector shifted = clamped.add(0x1.8p52);
    DoubleVector n = shifted.sub(0x1.8p52);
    DoubleVector g = clamped.sub(n).mul(0.6931471805599453);
    DoubleVector p = DoubleVector.broadcast(DOUBLES, 1.0 / 40320);
    p = p.mul(g).add(1.0 / 5040);
    p = p.mul(g).add(1.0 / 720);
    p = p.mul(g).add(1.0 / 120);
    p = p.mul(g).add(1.0 / 24);
    p = p.mul(g).add(1.0 / 6);
    p = p.mul(g).add(0.5);
    p = p.mul(g).add(1.0);
    p = p.mul(g).add(1.0);
    LongVector exponent = shifted.reinterpretAsLongs().add(1023).lanewise(LSHL, 52);
    DoubleVector result = p.mul(exponent.reinterpretAsDoubles());
    return (FloatVector) result.convertShape(VectorOperators.D2F, FLOATS, -part);
  }
}
