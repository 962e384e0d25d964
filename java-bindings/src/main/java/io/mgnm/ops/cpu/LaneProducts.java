package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/**
 * Products of values that lie in lanes, {@code [position][component][16]}, with weights that are
 * the same for all lanes.
 *
 * <p>Every result is one sum, started from what is given and added to in a fixed order by one fma a
 * term; how many sums are kept in registers together changes no bits.
 *
 * <p>The register blocks, and the methods that drive them, are longer than what C2 ever inlines
 * (325 bytes of bytecode). That is needed: C2 takes only so much into one compilation, and what it
 * leaves out hands its vectors over on the heap.
 */
final class LaneProducts {
  private static final int BLOCK = 8; // outputs of a register block, of one or two positions
  private static final int HALF = 4; // outputs of a small one

  /** What a sum of up to eight rows starts from where it starts from nothing. */
  static final float[] ZERO = new float[BLOCK * LANES];

  private LaneProducts() {}

  /**
   * {@code y[t][m] = start[t][m] + Σ_k x[t][k] · w[k][m]}; start may be y itself.
   *
   * @param xAt where x of the first position begins, and {@code xStep} how far apart positions are
   * @param wAt where w begins, {@code [in][out]}
   */
  static void multiply(
      float[] start,
      int startAt,
      int startStep,
      float[] x,
      int xAt,
      int xStep,
      float[] w,
      int wAt,
      int in,
      int out,
      float[] y,
      int yAt,
      int yStep,
      int positions) {
    int blocked = out - out % BLOCK;
    int t = 0;
    for (; t + 2 <= positions; t += 2) {
      int st = startAt + t * startStep;
      int xt = xAt + t * xStep;
      int yt = yAt + t * yStep;
      for (int m = 0; m < blocked; m += BLOCK) {
        for (int p = 0; p < LANES; p += STEP) {
          int at = m * LANES + p;
          pair(start, st + at, startStep, x, xt + p, xStep, w, wAt + m, out, in, y, yt + at, yStep);
        }
      }
    }
    if (t < positions) {
      int st = startAt + t * startStep;
      int xt = xAt + t * xStep;
      int yt = yAt + t * yStep;
      for (int m = 0; m < blocked; m += BLOCK) {
        for (int p = 0; p < LANES; p += STEP) {
          int at = m * LANES + p;
          eight(start, st + at, x, xt + p, w, wAt + m, out, in, y, yt + at);
        }
      }
    }
    int m = blocked;
    if (m + HALF <= out) {
      for (t = 0; t < positions; t++) {
        for (int p = 0; p < LANES; p += STEP) {
          int from = startAt + t * startStep + m * LANES + p;
          int to = yAt + t * yStep + m * LANES + p;
          four(start, from, x, xAt + t * xStep + p, w, wAt + m, out, in, y, to);
        }
      }
      m += HALF;
    }
    for (; m < out; m++) {
      for (t = 0; t < positions; t++) {
        for (int p = 0; p < LANES; p += STEP) {
          int from = startAt + t * startStep + m * LANES + p;
          int to = yAt + t * yStep + m * LANES + p;
          single(start, from, x, xAt + t * xStep + p, w, wAt + m, out, in, y, to);
        }
      }
    }
  }

  /**
   * Two positions, eight outputs: each weight serves twice and each value eight times, so that
   * loading keeps up with fma.
   */
  static void pair(
      float[] s,
      int sAt,
      int sStep,
      float[] x,
      int xAt,
      int xStep,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt,
      int yStep) {
    int next = xAt + xStep;
    int sNext = sAt + sStep;
    int yNext = yAt + yStep;
    FloatVector a0 = FloatVector.fromArray(FLOATS, s, sAt);
    FloatVector a1 = FloatVector.fromArray(FLOATS, s, sAt + LANES);
    FloatVector a2 = FloatVector.fromArray(FLOATS, s, sAt + 2 * LANES);
    FloatVector a3 = FloatVector.fromArray(FLOATS, s, sAt + 3 * LANES);
    FloatVector a4 = FloatVector.fromArray(FLOATS, s, sAt + 4 * LANES);
    FloatVector a5 = FloatVector.fromArray(FLOATS, s, sAt + 5 * LANES);
    FloatVector a6 = FloatVector.fromArray(FLOATS, s, sAt + 6 * LANES);
    FloatVector a7 = FloatVector.fromArray(FLOATS, s, sAt + 7 * LANES);
    FloatVector b0 = FloatVector.fromArray(FLOATS, s, sNext);
    FloatVector b1 = FloatVector.fromArray(FLOATS, s, sNext + LANES);
    FloatVector b2 = FloatVector.fromArray(FLOATS, s, sNext + 2 * LANES);
    FloatVector b3 = FloatVector.fromArray(FLOATS, s, sNext + 3 * LANES);
    FloatVector b4 = FloatVector.fromArray(FLOATS, s, sNext + 4 * LANES);
    FloatVector b5 = FloatVector.fromArray(FLOATS, s, sNext + 5 * LANES);
    FloatVector b6 = FloatVector.fromArray(FLOATS, s, sNext + 6 * LANES);
    FloatVector b7 = FloatVector.fromArray(FLOATS, s, sNext + 7 * LANES);
    for (int k = 0; k < in; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      FloatVector u = FloatVector.fromArray(FLOATS, x, next + k * LANES);
      int wk = wAt + k * wStep;
      FloatVector w0 = FloatVector.broadcast(FLOATS, w[wk]);
      a0 = v.fma(w0, a0);
      b0 = u.fma(w0, b0);
      FloatVector w1 = FloatVector.broadcast(FLOATS, w[wk + 1]);
      a1 = v.fma(w1, a1);
      b1 = u.fma(w1, b1);
      FloatVector w2 = FloatVector.broadcast(FLOATS, w[wk + 2]);
      a2 = v.fma(w2, a2);
      b2 = u.fma(w2, b2);
      FloatVector w3 = FloatVector.broadcast(FLOATS, w[wk + 3]);
      a3 = v.fma(w3, a3);
      b3 = u.fma(w3, b3);
      FloatVector w4 = FloatVector.broadcast(FLOATS, w[wk + 4]);
      a4 = v.fma(w4, a4);
      b4 = u.fma(w4, b4);
      FloatVector w5 = FloatVector.broadcast(FLOATS, w[wk + 5]);
      a5 = v.fma(w5, a5);
      b5 = u.fma(w5, b5);
      FloatVector w6 = FloatVector.broadcast(FLOATS, w[wk + 6]);
      a6 = v.fma(w6, a6);
      b6 = u.fma(w6, b6);
      FloatVector w7 = FloatVector.broadcast(FLOATS, w[wk + 7]);
      a7 = v.fma(w7, a7);
      b7 = u.fma(w7, b7);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LANES);
    a2.intoArray(y, yAt + 2 * LANES);
    a3.intoArray(y, yAt + 3 * LANES);
    a4.intoArray(y, yAt + 4 * LANES);
    a5.intoArray(y, yAt + 5 * LANES);
    a6.intoArray(y, yAt + 6 * LANES);
    a7.intoArray(y, yAt + 7 * LANES);
    b0.intoArray(y, yNext);
    b1.intoArray(y, yNext + LANES);
    b2.intoArray(y, yNext + 2 * LANES);
    b3.intoArray(y, yNext + 3 * LANES);
    b4.intoArray(y, yNext + 4 * LANES);
    b5.intoArray(y, yNext + 5 * LANES);
    b6.intoArray(y, yNext + 6 * LANES);
    b7.intoArray(y, yNext + 7 * LANES);
  }

  /** One position, eight outputs: as many chains as hide the latency of fma. */
  static void eight(
      float[] s,
      int sAt,
      float[] x,
      int xAt,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, s, sAt);
    FloatVector a1 = FloatVector.fromArray(FLOATS, s, sAt + LANES);
    FloatVector a2 = FloatVector.fromArray(FLOATS, s, sAt + 2 * LANES);
    FloatVector a3 = FloatVector.fromArray(FLOATS, s, sAt + 3 * LANES);
    FloatVector a4 = FloatVector.fromArray(FLOATS, s, sAt + 4 * LANES);
    FloatVector a5 = FloatVector.fromArray(FLOATS, s, sAt + 5 * LANES);
    FloatVector a6 = FloatVector.fromArray(FLOATS, s, sAt + 6 * LANES);
    FloatVector a7 = FloatVector.fromArray(FLOATS, s, sAt + 7 * LANES);
    for (int k = 0; k < in; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      int wk = wAt + k * wStep;
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      a4 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 4]), a4);
      a5 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 5]), a5);
      a6 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 6]), a6);
      a7 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 7]), a7);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LANES);
    a2.intoArray(y, yAt + 2 * LANES);
    a3.intoArray(y, yAt + 3 * LANES);
    a4.intoArray(y, yAt + 4 * LANES);
    a5.intoArray(y, yAt + 5 * LANES);
    a6.intoArray(y, yAt + 6 * LANES);
    a7.intoArray(y, yAt + 7 * LANES);
  }

  /** One position, four outputs; two terms a round, so that it is long enough: see the class. */
  static void four(
      float[] s,
      int sAt,
      float[] x,
      int xAt,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, s, sAt);
    FloatVector a1 = FloatVector.fromArray(FLOATS, s, sAt + LANES);
    FloatVector a2 = FloatVector.fromArray(FLOATS, s, sAt + 2 * LANES);
    FloatVector a3 = FloatVector.fromArray(FLOATS, s, sAt + 3 * LANES);
    int wk = wAt;
    int k = 0;
    for (; k + 2 <= in; k += 2) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      wk += wStep;
      FloatVector next = FloatVector.fromArray(FLOATS, x, xAt + (k + 1) * LANES);
      a0 = next.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = next.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = next.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = next.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      wk += wStep;
    }
    if (k < in) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LANES);
    a2.intoArray(y, yAt + 2 * LANES);
    a3.intoArray(y, yAt + 3 * LANES);
  }

  private static void single(
      float[] s,
      int sAt,
      float[] x,
      int xAt,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt) {
    FloatVector a = FloatVector.fromArray(FLOATS, s, sAt);
    for (int k = 0; k < in; k++) {
      a =
          FloatVector.fromArray(FLOATS, x, xAt + k * LANES)
              .fma(FloatVector.broadcast(FLOATS, w[wAt + k * wStep]), a);
    }
    a.intoArray(y, yAt);
  }

  /** {@code result[m][k] = w[k][m]}: the weights of {@link #multiply} the other way round. */
  static void transpose(float[] w, int wAt, int in, int out, float[] result, int resultAt) {
    for (int k = 0; k < in; k++) {
      for (int m = 0; m < out; m++) {
        result[resultAt + m * in + k] = w[wAt + k * out + m];
      }
    }
  }
}
