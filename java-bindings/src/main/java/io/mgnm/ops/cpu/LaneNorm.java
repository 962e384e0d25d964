package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/** Layer normalisation over the d components of a position, lane by lane. */
final class LaneNorm {
  private LaneNorm() {}

  /**
   * {@code normal = (x − mean) · scale}, {@code scale = 1/√(variance + ε)}, of n positions.
   *
   * @param x positions d rows apart
   * @param tape normal is written from {@code normalAt}, d rows, and scale from {@code scaleAt},
   *     one row, at positions {@code step} apart
   */
  static void forward(
      float[] x, int d, float epsilon, float[] tape, int normalAt, int scaleAt, int step, int n) {
    FloatVector share = FloatVector.broadcast(FLOATS, 1f / d);
    for (int t = 0; t < n; t++) {
      int xAt = t * d * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = p; i < d * LANES; i += LANES) {
          sum = sum.add(FloatVector.fromArray(FLOATS, x, xAt + i));
        }
        FloatVector mean = sum.mul(share);
        FloatVector squares = FloatVector.zero(FLOATS);
        for (int i = p; i < d * LANES; i += LANES) {
          FloatVector difference = FloatVector.fromArray(FLOATS, x, xAt + i).sub(mean);
          squares = difference.fma(difference, squares);
        }
        FloatVector variance = squares.fma(share, FloatVector.broadcast(FLOATS, epsilon));
        FloatVector factor = FloatVector.broadcast(FLOATS, 1f).div(variance.sqrt());
        factor.intoArray(tape, scaleAt + t * step + p);
        for (int i = p; i < d * LANES; i += LANES) {
          FloatVector normal = FloatVector.fromArray(FLOATS, x, xAt + i).sub(mean).mul(factor);
          normal.intoArray(tape, normalAt + t * step + i);
        }
      }
    }
  }

  /** {@code y = normal · gain + bias}, gain[d] in w from {@code gainAt} and bias[d] behind it. */
  static void scale(
      float[] tape,
      int normalAt,
      int step,
      int n,
      int d,
      float[] w,
      int gainAt,
      float[] y,
      int yAt) {
    for (int k = 0; k < d; k++) {
      FloatVector gain = FloatVector.broadcast(FLOATS, w[gainAt + k]);
      FloatVector bias = FloatVector.broadcast(FLOATS, w[gainAt + d + k]);
      for (int t = 0; t < n; t++) {
        int from = normalAt + t * step + k * LANES;
        int to = yAt + (t * d + k) * LANES;
        for (int p = 0; p < LANES; p += STEP) {
          FloatVector.fromArray(FLOATS, tape, from + p).fma(gain, bias).intoArray(y, to + p);
        }
      }
    }
  }

  /**
   * Replaces the derivative by what {@link #scale} wrote by that by what {@link #forward} read, and
   * adds the derivatives by gain and bias, lane by lane, to 2d rows of {@code sums}.
   *
   * @param tape as {@link #forward} wrote it
   * @param dY positions d rows apart
   */
  static void backward(
      float[] tape,
      int normalAt,
      int scaleAt,
      int step,
      int n,
      int d,
      float[] w,
      int gainAt,
      float[] dY,
      float[] sums,
      int sumsAt) {
    FloatVector share = FloatVector.broadcast(FLOATS, 1f / d);
    int biasAt = sumsAt + d * LANES;
    for (int t = 0; t < n; t++) {
      int normal = normalAt + t * step;
      int row = t * d * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        FloatVector mean = FloatVector.zero(FLOATS);
        FloatVector along = FloatVector.zero(FLOATS);
        for (int k = 0; k < d; k++) {
          int i = k * LANES + p;
          FloatVector gradient = FloatVector.fromArray(FLOATS, dY, row + i);
          FloatVector value = FloatVector.fromArray(FLOATS, tape, normal + i);
          value
              .fma(gradient, FloatVector.fromArray(FLOATS, sums, sumsAt + i))
              .intoArray(sums, sumsAt + i);
          gradient.add(FloatVector.fromArray(FLOATS, sums, biasAt + i)).intoArray(sums, biasAt + i);
          FloatVector dNormal = gradient.mul(FloatVector.broadcast(FLOATS, w[gainAt + k]));
          dNormal.intoArray(dY, row + i);
          mean = mean.add(dNormal);
          along = along.add(dNormal.mul(value));
        }
        mean = mean.mul(share);
        along = along.mul(share);
        FloatVector factor = FloatVector.fromArray(FLOATS, tape, scaleAt + t * step + p);
        for (int i = p; i < d * LANES; i += LANES) {
          FloatVector rest = FloatVector.fromArray(FLOATS, dY, row + i).sub(mean);
          rest = rest.sub(along.mul(FloatVector.fromArray(FLOATS, tape, normal + i)));
          rest.mul(factor).intoArray(dY, row + i);
        }
      }
    }
  }
}
