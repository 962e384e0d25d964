package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.BiLstm;
import jdk.incubator.vector.FloatVector;

/**
 * The gates of a time step as they go into their nonlinearity, {@code b + z Wx + h' Wh}, with a
 * sequence a lane. Sums stay in registers from the bias to the last term: written once, and read by
 * {@link LstmCell} while they are in the first-level cache.
 */
final class LstmGates {
  private static final int BLOCK = 8; // as many chains as hide the latency of fma

  private final int d;
  private final int h;
  private final float[] w;
  private final int bias;
  private final int inputWeights;
  private final int hiddenWeights;

  LstmGates(BiLstm.Options options, int direction, CpuTensor weights) {
    d = options.d();
    h = options.hidden();
    w = weights.array();
    bias = weights.offset() + options.bias(direction);
    inputWeights = weights.offset() + options.inputWeights(direction);
    hiddenWeights = weights.offset() + options.hiddenWeights(direction);
  }

  /**
   * Computes the gates of one time step.
   *
   * @param z d rows from {@code zAt}
   * @param before h' of the time step before, h rows
   * @param gates 4h rows, written
   */
  void multiply(float[] z, int zAt, float[] before, int beforeAt, float[] gates, int gatesAt) {
    int m = 0;
    for (; m + BLOCK <= 4 * h; m += BLOCK) {
      for (int p = 0; p < LANES; p += STEP) {
        eight(m, z, zAt + p, before, beforeAt + p, gates, gatesAt + m * LANES + p);
      }
    }
    if (m < 4 * h) {
      for (int p = 0; p < LANES; p += STEP) {
        four(m, z, zAt + p, before, beforeAt + p, gates, gatesAt + m * LANES + p);
      }
    }
  }

  private void eight(int m, float[] z, int zAt, float[] before, int beforeAt, float[] y, int at) {
    FloatVector a0 = FloatVector.broadcast(FLOATS, w[bias + m]);
    FloatVector a1 = FloatVector.broadcast(FLOATS, w[bias + m + 1]);
    FloatVector a2 = FloatVector.broadcast(FLOATS, w[bias + m + 2]);
    FloatVector a3 = FloatVector.broadcast(FLOATS, w[bias + m + 3]);
    FloatVector a4 = FloatVector.broadcast(FLOATS, w[bias + m + 4]);
    FloatVector a5 = FloatVector.broadcast(FLOATS, w[bias + m + 5]);
    FloatVector a6 = FloatVector.broadcast(FLOATS, w[bias + m + 6]);
    FloatVector a7 = FloatVector.broadcast(FLOATS, w[bias + m + 7]);
    for (int k = 0; k < d; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, z, zAt + k * LANES);
      int wk = inputWeights + k * 4 * h + m;
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      a4 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 4]), a4);
      a5 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 5]), a5);
      a6 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 6]), a6);
      a7 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 7]), a7);
    }
    for (int k = 0; k < h; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, before, beforeAt + k * LANES);
      int wk = hiddenWeights + k * 4 * h + m;
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      a4 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 4]), a4);
      a5 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 5]), a5);
      a6 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 6]), a6);
      a7 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 7]), a7);
    }
    a0.intoArray(y, at);
    a1.intoArray(y, at + LANES);
    a2.intoArray(y, at + 2 * LANES);
    a3.intoArray(y, at + 3 * LANES);
    a4.intoArray(y, at + 4 * LANES);
    a5.intoArray(y, at + 5 * LANES);
    a6.intoArray(y, at + 6 * LANES);
    a7.intoArray(y, at + 7 * LANES);
  }

  /** What an odd h leaves. */
  private void four(int m, float[] z, int zAt, float[] before, int beforeAt, float[] y, int at) {
    FloatVector a0 = FloatVector.broadcast(FLOATS, w[bias + m]);
    FloatVector a1 = FloatVector.broadcast(FLOATS, w[bias + m + 1]);
    FloatVector a2 = FloatVector.broadcast(FLOATS, w[bias + m + 2]);
    FloatVector a3 = FloatVector.broadcast(FLOATS, w[bias + m + 3]);
    for (int k = 0; k < d; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, z, zAt + k * LANES);
      int wk = inputWeights + k * 4 * h + m;
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
    }
    for (int k = 0; k < h; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, before, beforeAt + k * LANES);
      int wk = hiddenWeights + k * 4 * h + m;
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
    }
    a0.intoArray(y, at);
    a1.intoArray(y, at + LANES);
    a2.intoArray(y, at + 2 * LANES);
    a3.intoArray(y, at + 3 * LANES);
  }
}
