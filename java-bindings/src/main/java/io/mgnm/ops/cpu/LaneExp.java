package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** exp over rows of lanes: {@link VectorMath}'s arithmetic in a loop of its own. */
final class LaneExp {
  private LaneExp() {}

  /** {@code to = e^(factor · from)}; {@code size} is a multiple of 16, as everywhere here. */
  static void exp(float[] a, int from, int to, int size, float factor) {
    for (int u = 0; u < size; u += STEP) {
      FloatVector x = FloatVector.fromArray(FLOATS, a, from + u);
      x = x.mul(FloatVector.broadcast(FLOATS, factor));
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
      IntVector bits = shifted.reinterpretAsInts().lanewise(LSHL, 23);
      FloatVector scale = bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
      p.fma(scale, scale).intoArray(a, to + u);
    }
  }
}
