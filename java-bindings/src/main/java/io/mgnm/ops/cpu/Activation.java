package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The logistic function and tanh over rows of lanes: {@link VectorMath}'s arithmetic in a loop of
 * its own.
 *
 * <p>C2 takes only so much into one compilation: from the second exponential on it leaves vectors
 * on the heap. {@link #run} is therefore written out, which makes it longer than what C2 ever
 * inlines (325 bytes of bytecode): callers stay small however often they call it.
 */
final class Activation {
  private Activation() {}

  /** {@code to = 1 / (1 + e^−from)}; {@code size} is a multiple of 16, as everywhere here. */
  static void sigmoid(float[] a, int from, int to, int size) {
    run(a, from, to, size, -1, 1, 0); // 1 / (m + 2), m = e^−x − 1
  }

  /** {@code to = tanh from}, to full relative accuracy near 0. */
  static void tanh(float[] a, int from, int to, int size) {
    run(a, from, to, size, 2, 0, 1); // m / (m + 2), m = e^2x − 1
  }

  /** {@code to = (one + slope · m) / (m + 2)}, {@code m = e^(exponent · from) − 1}. */
  private static void run(
      float[] a, int from, int to, int size, float exponent, float one, float slope) {
    for (int u = 0; u < size; u += STEP) {
      FloatVector x = FloatVector.fromArray(FLOATS, a, from + u);
      x = x.mul(FloatVector.broadcast(FLOATS, exponent));
      // By comparisons, which leave NaN alone.
      FloatVector most = FloatVector.broadcast(FLOATS, VectorMath.LARGEST);
      FloatVector least = FloatVector.broadcast(FLOATS, VectorMath.SMALLEST);
      x = x.blend(most, x.compare(GT, most));
      x = x.blend(least, x.compare(LT, least));
      // x = n ln 2 + r
      FloatVector round = FloatVector.broadcast(FLOATS, VectorMath.ROUND);
      FloatVector shifted = x.fma(FloatVector.broadcast(FLOATS, VectorMath.LOG2_E), round);
      FloatVector n = shifted.sub(round);
      FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -VectorMath.LN2_HIGH), x);
      r = n.fma(FloatVector.broadcast(FLOATS, -VectorMath.LN2_LOW), r);
      // p = e^r − 1
      FloatVector p = FloatVector.broadcast(FLOATS, VectorMath.C7);
      p = r.fma(p, FloatVector.broadcast(FLOATS, VectorMath.C6));
      p = p.fma(r, FloatVector.broadcast(FLOATS, VectorMath.C5));
      p = p.fma(r, FloatVector.broadcast(FLOATS, VectorMath.C4));
      p = p.fma(r, FloatVector.broadcast(FLOATS, VectorMath.C3));
      p = p.fma(r, FloatVector.broadcast(FLOATS, VectorMath.C2));
      p = p.mul(r).fma(r, r);
      // m = 2ⁿ p + (2ⁿ − 1)
      IntVector bits = shifted.reinterpretAsInts().lanewise(LSHL, 23);
      FloatVector scale = bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
      FloatVector m = p.fma(scale, scale.sub(FloatVector.broadcast(FLOATS, 1f)));
      FloatVector above =
          m.fma(FloatVector.broadcast(FLOATS, slope), FloatVector.broadcast(FLOATS, one));
      above.div(m.add(FloatVector.broadcast(FLOATS, 2f))).intoArray(a, to + u);
    }
  }
}
