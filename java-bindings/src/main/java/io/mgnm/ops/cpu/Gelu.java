package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;
import static jdk.incubator.vector.VectorOperators.GT;

import jdk.incubator.vector.FloatVector;

/**
 * x·Φ(x) and its derivative Φ(x) + x·φ(x) over rows of lanes.
 *
 * <p>The tail is Φ(−a) = e^(−a²/2) · t·P(t) with t = 1/(1 + 0.35 a) for a ≥ 0. P was fitted by
 * least squares, reweighted towards the smallest largest relative error, on 0 ≤ a ≤ 14; that error
 * is 3e-8, and 2e-7 with float arithmetic.
 */
final class Gelu {
  private static final float SLOPE = 0.35f;
  private static final float P0 = 0.1396214f;
  private static final float P1 = 0.13986191f;
  private static final float P2 = 0.11983257f;
  private static final float P3 = 0.10550923f;
  private static final float P4 = -0.023112828f;
  private static final float P5 = 0.15917863f;
  private static final float P6 = -0.25571826f;
  private static final float P7 = 0.14397368f;
  private static final float P8 = -0.029146343f;

  /** φ(0) = 1/√(2π). */
  private static final float DENSITY = (float) (1 / Math.sqrt(2 * Math.PI));

  private Gelu() {}

  /** {@code y = x·Φ(x)}; y must not be x. */
  static void forward(float[] x, int xAt, float[] y, int yAt, int size) {
    exponential(x, xAt, y, yAt, size);
    run(x, xAt, y, yAt, size, y, yAt, false);
  }

  /**
   * {@code d *= Φ(x) + x·φ(x)}.
   *
   * @param room for {@code size} values
   */
  static void backward(float[] x, int xAt, float[] d, int dAt, int size, float[] room) {
    exponential(x, xAt, room, 0, size);
    run(x, xAt, room, 0, size, d, dAt, true);
  }

  /** {@code y = e^(−x²/2)}. */
  private static void exponential(float[] x, int xAt, float[] y, int yAt, int size) {
    for (int u = 0; u < size; u += STEP) {
      FloatVector value = FloatVector.fromArray(FLOATS, x, xAt + u);
      value.mul(value).intoArray(y, yAt + u);
    }
    LaneExp.exp(y, yAt, yAt, size, -0.5f);
  }

  /** Written out, so that it is compiled alone: see {@link LaneProducts}. */
  private static void run(
      float[] xs, int xAt, float[] es, int eAt, int size, float[] y, int yAt, boolean derivative) {
    for (int u = 0; u < size; u += STEP) {
      FloatVector x = FloatVector.fromArray(FLOATS, xs, xAt + u);
      FloatVector exp = FloatVector.fromArray(FLOATS, es, eAt + u);
      FloatVector one = FloatVector.broadcast(FLOATS, 1f);
      FloatVector t = one.div(x.abs().fma(FloatVector.broadcast(FLOATS, SLOPE), one));
      FloatVector p = FloatVector.broadcast(FLOATS, P8);
      p = p.fma(t, FloatVector.broadcast(FLOATS, P7));
      p = p.fma(t, FloatVector.broadcast(FLOATS, P6));
      p = p.fma(t, FloatVector.broadcast(FLOATS, P5));
      p = p.fma(t, FloatVector.broadcast(FLOATS, P4));
      p = p.fma(t, FloatVector.broadcast(FLOATS, P3));
      p = p.fma(t, FloatVector.broadcast(FLOATS, P2));
      p = p.fma(t, FloatVector.broadcast(FLOATS, P1));
      p = p.fma(t, FloatVector.broadcast(FLOATS, P0));
      FloatVector tail = p.mul(t).mul(exp);
      FloatVector zero = FloatVector.zero(FLOATS);
      FloatVector phi = tail.blend(one.sub(tail), x.compare(GT, zero));
      if (derivative) {
        FloatVector slope = exp.mul(FloatVector.broadcast(FLOATS, DENSITY)).fma(x, phi);
        slope.mul(FloatVector.fromArray(FLOATS, y, yAt + u)).intoArray(y, yAt + u);
      } else {
        phi.mul(x).intoArray(y, yAt + u);
      }
    }
  }
}
