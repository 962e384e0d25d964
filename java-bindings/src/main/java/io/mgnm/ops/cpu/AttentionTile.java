package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Readout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * 16 candidates, one a lane, against the interests of one history: equations (12) to (15). A lane's
 * results are the same wherever the candidate stands and whatever is beside it, so {@link
 * CpuInterestReadout} and {@link CpuTopK} give an item the same bits.
 */
final class AttentionTile {
  private final int d;
  private final int width; // of a row of interests
  private final int capsules;
  private final int over; // interests that a softmax runs over
  private final int levels; // softmaxes

  private final float[] s; // [capsule][16]: q · x
  private final float[] powers; // [capsule][16]: e^(s − max s), then weights
  private final float[] totals; // [level][16]: the sums of powers
  private final float[] y; // [level][16]

  AttentionTile(BatchShape shape, Attention attention) {
    d = shape.d();
    width = DenseRows.width(d);
    capsules = shape.capsules();
    over = attention == Attention.JOINT ? capsules : shape.interests();
    levels = capsules / over;
    s = new float[capsules * LANES];
    powers = new float[capsules * LANES];
    totals = new float[levels * LANES];
    y = new float[levels * LANES];
  }

  /** Scores a candidate. */
  int levels() {
    return levels;
  }

  /** The levels' scores, {@code [level][16]}. */
  float[] y() {
    return y;
  }

  /** What {@link #weigh} left, {@code [capsule][16]}. */
  float[] weights() {
    return powers;
  }

  /**
   * Turns rows of d values into lanes, {@code [d][16]}; lanes without a row become 0.
   *
   * @param rows at most 16
   */
  static void load(float[] from, int first, int rows, int d, float[] tile, int at) {
    int turned = 0; // components that are done
    if (rows == LANES) {
      for (; turned + LANES <= d; turned += LANES) {
        SquareTranspose.turn(from, first + turned, d, tile, at + turned * LANES);
      }
    }
    for (int lane = 0; lane < rows; lane++) {
      int row = first + lane * d;
      for (int k = turned; k < d; k++) {
        tile[at + k * LANES + lane] = from[row + k];
      }
    }
    for (int lane = rows; lane < LANES; lane++) {
      for (int k = 0; k < d; k++) {
        tile[at + k * LANES + lane] = 0;
      }
    }
  }

  /**
   * Computes y of the candidates in {@code x}, {@code [d][16]} from {@code x0}, for the interests
   * in rows from {@code q0}.
   */
  void attend(float[] q, int q0, float[] x, int x0) {
    for (int p = 0; p < LANES; p += STEP) {
      int j = 0;
      for (; j + 8 <= capsules; j += 8) {
        eight(q, q0 + j * width, x, x0 + p, j * LANES + p);
      }
      if (j + 4 <= capsules) {
        four(q, q0 + j * width, x, x0 + p, j * LANES + p);
        j += 4;
      }
      for (; j < capsules; j++) {
        one(q, q0 + j * width, x, x0 + p, j * LANES + p);
      }
      for (int l = 0; l < levels; l++) {
        softmax(l, p);
      }
    }
  }

  private void eight(float[] q, int q0, float[] x, int x0, int at) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int k = 0; k < d; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, x0 + k * LANES);
      int i = q0 + k;
      s0 = v.fma(FloatVector.broadcast(FLOATS, q[i]), s0);
      s1 = v.fma(FloatVector.broadcast(FLOATS, q[i + width]), s1);
      s2 = v.fma(FloatVector.broadcast(FLOATS, q[i + 2 * width]), s2);
      s3 = v.fma(FloatVector.broadcast(FLOATS, q[i + 3 * width]), s3);
      s4 = v.fma(FloatVector.broadcast(FLOATS, q[i + 4 * width]), s4);
      s5 = v.fma(FloatVector.broadcast(FLOATS, q[i + 5 * width]), s5);
      s6 = v.fma(FloatVector.broadcast(FLOATS, q[i + 6 * width]), s6);
      s7 = v.fma(FloatVector.broadcast(FLOATS, q[i + 7 * width]), s7);
    }
    s0.intoArray(s, at);
    s1.intoArray(s, at + LANES);
    s2.intoArray(s, at + 2 * LANES);
    s3.intoArray(s, at + 3 * LANES);
    s4.intoArray(s, at + 4 * LANES);
    s5.intoArray(s, at + 5 * LANES);
    s6.intoArray(s, at + 6 * LANES);
    s7.intoArray(s, at + 7 * LANES);
  }

  private void four(float[] q, int q0, float[] x, int x0, int at) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int k = 0; k < d; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, x0 + k * LANES);
      int i = q0 + k;
      s0 = v.fma(FloatVector.broadcast(FLOATS, q[i]), s0);
      s1 = v.fma(FloatVector.broadcast(FLOATS, q[i + width]), s1);
      s2 = v.fma(FloatVector.broadcast(FLOATS, q[i + 2 * width]), s2);
      s3 = v.fma(FloatVector.broadcast(FLOATS, q[i + 3 * width]), s3);
    }
    s0.intoArray(s, at);
    s1.intoArray(s, at + LANES);
    s2.intoArray(s, at + 2 * LANES);
    s3.intoArray(s, at + 3 * LANES);
  }

  private void one(float[] q, int q0, float[] x, int x0, int at) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int k = 0; k < d; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, x0 + k * LANES);
      sum = v.fma(FloatVector.broadcast(FLOATS, q[q0 + k]), sum);
    }
    sum.intoArray(s, at);
  }

  private void softmax(int level, int p) {
    int from = level * over * LANES + p;
    int to = from + over * LANES;
    FloatVector largest = FloatVector.fromArray(FLOATS, s, from);
    for (int at = from + LANES; at < to; at += LANES) {
      largest = larger(largest, FloatVector.fromArray(FLOATS, s, at));
    }
    FloatVector total = FloatVector.zero(FLOATS);
    FloatVector weighted = FloatVector.zero(FLOATS);
    for (int at = from; at < to; at += LANES) {
      FloatVector score = FloatVector.fromArray(FLOATS, s, at);
      FloatVector power = VectorMath.exp(score.sub(largest));
      power.intoArray(powers, at);
      total = total.add(power);
      weighted = power.fma(score, weighted);
    }
    total.intoArray(totals, level * LANES + p);
    weighted.div(total).intoArray(y, level * LANES + p);
  }

  /**
   * After {@link #attend}: {@code ẏ_l a_j (1 + s_j − y_l)} of every capsule, for {@link #weights}.
   * Where s is large y is rounded coarsely; what that took, Σ a (s − y), is added to it again.
   *
   * @param dY the derivative by y, {@code [level][16]}
   */
  void weigh(float[] dY) {
    for (int level = 0; level < levels; level++) {
      for (int p = 0; p < LANES; p += STEP) {
        weigh(level, p, dY);
      }
    }
  }

  private void weigh(int level, int p, float[] dY) {
    int from = level * over * LANES + p;
    int to = from + over * LANES;
    FloatVector gradient = FloatVector.fromArray(FLOATS, dY, level * LANES + p);
    FloatVector rounded = FloatVector.fromArray(FLOATS, y, level * LANES + p);
    FloatVector total = FloatVector.fromArray(FLOATS, totals, level * LANES + p);
    FloatVector weighted = FloatVector.zero(FLOATS);
    for (int at = from; at < to; at += LANES) {
      FloatVector above = FloatVector.fromArray(FLOATS, s, at).sub(rounded);
      weighted = above.fma(FloatVector.fromArray(FLOATS, powers, at), weighted);
    }
    FloatVector lost = weighted.div(total);
    for (int at = from; at < to; at += LANES) {
      FloatVector above = FloatVector.fromArray(FLOATS, s, at).sub(rounded).sub(lost);
      FloatVector a = FloatVector.fromArray(FLOATS, powers, at).div(total);
      a.mul(above.add(1f)).mul(gradient).intoArray(powers, at);
    }
  }

  /** After {@link #attend}: the 16 scores, (15) or the sum. A NaN of any level stays. */
  void readout(Readout readout, float[] scores, int at) {
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector score = FloatVector.fromArray(FLOATS, y, p);
      for (int l = 1; l < levels; l++) {
        FloatVector next = FloatVector.fromArray(FLOATS, y, l * LANES + p);
        score = readout == Readout.MAX ? larger(score, next) : score.add(next);
      }
      score.intoArray(scores, at + p);
    }
  }

  /** The larger one, or NaN where one is NaN. */
  private static FloatVector larger(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.LE, a).not().and(a.compare(VectorOperators.EQ, a)));
  }
}
