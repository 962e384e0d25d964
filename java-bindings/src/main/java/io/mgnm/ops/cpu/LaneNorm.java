package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/** Layer normalisation over the d components of a position, lane by lane. */
final class LaneNorm {
  private LaneNorm() {}

  /**
   * {@code normal = (x − mean) · scale}, {@code scale = 1/√(variance + ε)}.
   *
   * @param normal written: d rows from {@code normalAt}
   * @param scale written: one row from {@code scaleAt}
   */
  static void forward(
      float[] x,
      int xAt,
      int d,
      float epsilon,
      float[] normal,
      int normalAt,
      float[] scale,
      int scaleAt) {
    FloatVector share = FloatVector.broadcast(FLOATS, 1f / d);
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int i = p; i < d * LANES; i += LANES) {
        sum = sum.add(load(x, xAt + i));
      }
      FloatVector mean = sum.mul(share);
      FloatVector squares = FloatVector.zero(FLOATS);
      for (int i = p; i < d * LANES; i += LANES) {
        FloatVector difference = load(x, xAt + i).sub(mean);
        squares = difference.fma(difference, squares);
      }
      FloatVector variance = squares.fma(share, FloatVector.broadcast(FLOATS, epsilon));
      FloatVector factor = FloatVector.broadcast(FLOATS, 1f).div(variance.sqrt());
      factor.intoArray(scale, scaleAt + p);
      for (int i = p; i < d * LANES; i += LANES) {
        load(x, xAt + i).sub(mean).mul(factor).intoArray(normal, normalAt + i);
      }
    }
  }

  /** {@code y = normal · gain + bias}, gain[d] in w from {@code gainAt} and bias[d] behind it. */
  static void scale(
      float[] normal, int normalAt, int d, float[] w, int gainAt, float[] y, int yAt) {
    for (int k = 0; k < d; k++) {
      FloatVector gain = FloatVector.broadcast(FLOATS, w[gainAt + k]);
      FloatVector bias = FloatVector.broadcast(FLOATS, w[gainAt + d + k]);
      for (int p = k * LANES; p < (k + 1) * LANES; p += STEP) {
        load(normal, normalAt + p).fma(gain, bias).intoArray(y, yAt + p);
      }
    }
  }

  /**
   * Replaces the derivative by what {@link #scale} wrote by that by what {@link #forward} read, and
   * adds the derivatives by gain and bias, lane by lane, to 2d rows of {@code sums}.
   */
  static void backward(
      float[] normal,
      int normalAt,
      float[] scale,
      int scaleAt,
      int d,
      float[] w,
      int gainAt,
      float[] dY,
      int dYAt,
      float[] sums,
      int sumsAt) {
    FloatVector share = FloatVector.broadcast(FLOATS, 1f / d);
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector mean = FloatVector.zero(FLOATS);
      FloatVector along = FloatVector.zero(FLOATS);
      for (int k = 0; k < d; k++) {
        int i = k * LANES + p;
        FloatVector gradient = load(dY, dYAt + i);
        FloatVector value = load(normal, normalAt + i);
        value.fma(gradient, load(sums, sumsAt + i)).intoArray(sums, sumsAt + i);
        int bias = sumsAt + d * LANES + i;
        gradient.add(load(sums, bias)).intoArray(sums, bias);
        FloatVector dNormal = gradient.mul(FloatVector.broadcast(FLOATS, w[gainAt + k]));
        dNormal.intoArray(dY, dYAt + i);
        mean = mean.add(dNormal);
        along = along.add(dNormal.mul(value));
      }
      mean = mean.mul(share);
      along = along.mul(share);
      FloatVector factor = load(scale, scaleAt + p);
      for (int i = p; i < d * LANES; i += LANES) {
        FloatVector rest = load(dY, dYAt + i).sub(mean);
        rest = rest.sub(along.mul(load(normal, normalAt + i)));
        rest.mul(factor).intoArray(dY, dYAt + i);
      }
    }
  }

  private static FloatVector load(float[] a, int i) {
    return FloatVector.fromArray(FLOATS, a, i);
  }
}
