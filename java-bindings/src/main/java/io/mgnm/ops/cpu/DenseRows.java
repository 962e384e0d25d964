package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/**
 * The few capsules of a history as plain rows, for products whose matrix differs from capsule to
 * capsule and whose sums run over capsules: there a row's components are the lanes. Rows are padded
 * to whole vectors.
 */
final class DenseRows {
  private DenseRows() {}

  /** A row of {@code d} values and its padding. */
  static int width(int d) {
    return (d + LANES - 1) / LANES * LANES;
  }

  /**
   * Copies the micro-batch's capsules out of their lanes: capsule c of local history h becomes row
   * {@code h · (L + 1) · K + c}. Padding is left as it is.
   */
  static void fromLanes(MicroBatch micro, CpuTensor capsules, float[] rows) {
    int d = capsules.width();
    int width = width(d);
    int s = micro.batch().shape().capsules();
    float[] lanes = capsules.array(micro);
    for (int g = 0; g < micro.groups(); g++) {
      for (int lane = 0; lane < LANES; lane++) {
        int history = micro.laneHistory(g, lane);
        if (history >= 0) {
          int row = (history * s + micro.laneCapsule(g, lane)) * width;
          int from = capsules.base(micro) + g * d * LANES + lane;
          for (int k = 0; k < d; k++) {
            rows[row + k] = lanes[from + k * LANES];
          }
        }
      }
    }
  }

  /** The way back; lanes without a sequence become 0, so that they add nothing to any sum. */
  static void toLanes(MicroBatch micro, float[] rows, CpuTensor capsules) {
    int d = capsules.width();
    int width = width(d);
    int s = micro.batch().shape().capsules();
    float[] lanes = capsules.array(micro);
    for (int g = 0; g < micro.groups(); g++) {
      for (int lane = 0; lane < LANES; lane++) {
        int history = micro.laneHistory(g, lane);
        int row = history < 0 ? -1 : (history * s + micro.laneCapsule(g, lane)) * width;
        int to = capsules.base(micro) + g * d * LANES + lane;
        for (int k = 0; k < d; k++) {
          lanes[to + k * LANES] = row < 0 ? 0 : rows[row + k];
        }
      }
    }
  }

  /**
   * {@code out[r][:] += Σ_i a[r][i] · w[i][:]}, added in the order of i.
   *
   * @param a has (r, i) at {@code a0 + r·aRow + i·aIn}
   * @param w has row i at {@code w0 + i·wRow}
   * @param out has row r at {@code out0 + r·outRow}
   * @param width values of a row of w and out; what exceeds whole vectors is done one by one
   */
  static void multiplyAdd(
      int rows,
      int in,
      int width,
      float[] a,
      int a0,
      int aRow,
      int aIn,
      float[] w,
      int w0,
      int wRow,
      float[] out,
      int out0,
      int outRow) {
    int vectors = width - width % STEP;
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      int ar = a0 + r * aRow;
      int or = out0 + r * outRow;
      for (int p = 0; p < vectors; p += STEP) {
        four(in, a, ar, aRow, aIn, w, w0 + p, wRow, out, or + p, outRow);
      }
    }
    for (; r < rows; r++) {
      int ar = a0 + r * aRow;
      int or = out0 + r * outRow;
      for (int p = 0; p < vectors; p += STEP) {
        one(in, a, ar, aIn, w, w0 + p, wRow, out, or + p);
      }
    }
    if (vectors < width) {
      for (r = 0; r < rows; r++) {
        for (int p = vectors; p < width; p++) {
          single(in, a, a0 + r * aRow, aIn, w, w0 + p, wRow, out, out0 + r * outRow + p);
        }
      }
    }
  }

  private static void four(
      int in,
      float[] a,
      int a0,
      int aRow,
      int aIn,
      float[] w,
      int w0,
      int wRow,
      float[] out,
      int out0,
      int outRow) {
    FloatVector s0 = FloatVector.fromArray(FLOATS, out, out0);
    FloatVector s1 = FloatVector.fromArray(FLOATS, out, out0 + outRow);
    FloatVector s2 = FloatVector.fromArray(FLOATS, out, out0 + 2 * outRow);
    FloatVector s3 = FloatVector.fromArray(FLOATS, out, out0 + 3 * outRow);
    for (int i = 0; i < in; i++) {
      FloatVector row = FloatVector.fromArray(FLOATS, w, w0 + i * wRow);
      int at = a0 + i * aIn;
      s0 = row.fma(FloatVector.broadcast(FLOATS, a[at]), s0);
      s1 = row.fma(FloatVector.broadcast(FLOATS, a[at + aRow]), s1);
      s2 = row.fma(FloatVector.broadcast(FLOATS, a[at + 2 * aRow]), s2);
      s3 = row.fma(FloatVector.broadcast(FLOATS, a[at + 3 * aRow]), s3);
    }
    s0.intoArray(out, out0);
    s1.intoArray(out, out0 + outRow);
    s2.intoArray(out, out0 + 2 * outRow);
    s3.intoArray(out, out0 + 3 * outRow);
  }

  private static void one(
      int in, float[] a, int a0, int aIn, float[] w, int w0, int wRow, float[] out, int out0) {
    FloatVector sum = FloatVector.fromArray(FLOATS, out, out0);
    for (int i = 0; i < in; i++) {
      FloatVector row = FloatVector.fromArray(FLOATS, w, w0 + i * wRow);
      sum = row.fma(FloatVector.broadcast(FLOATS, a[a0 + i * aIn]), sum);
    }
    sum.intoArray(out, out0);
  }

  private static void single(
      int in, float[] a, int a0, int aIn, float[] w, int w0, int wRow, float[] out, int at) {
    float sum = out[at];
    for (int i = 0; i < in; i++) {
      sum = Math.fma(w[w0 + i * wRow], a[a0 + i * aIn], sum);
    }
    out[at] = sum;
  }
}
