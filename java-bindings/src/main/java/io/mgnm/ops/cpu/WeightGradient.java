package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/**
 * The gradient of weights that are the same for all lanes: {@code Ẇ[k][m] += Σ x[t][k] · g[t][m]}
 * over positions and lanes.
 *
 * <p>g is turned on its side, outputs in lanes, and x broadcast value by value. So the sums of
 * eight rows of Ẇ stay in registers over all positions, nothing is summed across lanes, and most of
 * what is read is single values: a whole vector of an array lies in two cache lines, since arrays
 * begin 16 bytes behind the start of an object.
 */
final class WeightGradient {
  private static final int ROWS = 8;
  private static final int SQUARE = LANES * LANES;

  private final int out;
  private final int blocks;
  private final float[] turned; // g as [position][out / 16][lane][16]

  /**
   * @param out columns of Ẇ
   * @param positions at a time, at most
   */
  WeightGradient(int out, int positions) {
    this.out = out;
    blocks = Math.ceilDiv(out, LANES);
    turned = new float[Math.multiplyExact(positions * blocks, SQUARE)];
  }

  /** Values of a row of sums: columns, rounded up to whole blocks. */
  int width() {
    return blocks * LANES;
  }

  /**
   * Takes the rows of g, which must exist up to a multiple of 16, whatever is in them.
   *
   * @param gAt where the first position begins, and {@code gStep} how far apart positions are
   */
  void turn(float[] g, int gAt, int gStep, int positions) {
    for (int t = 0; t < positions; t++) {
      for (int b = 0; b < blocks; b++) {
        int to = (t * blocks + b) * SQUARE;
        SquareTranspose.turn(g, gAt + t * gStep + b * SQUARE, turned, to);
      }
    }
  }

  /**
   * Adds what {@code in} rows of x give.
   *
   * @param first of the positions of {@link #turn} that x begins at
   * @param sums {@code [in][width]} from {@code sumsAt}
   */
  void add(
      float[] x, int xAt, int xStep, int in, int first, int positions, float[] sums, int sumsAt) {
    int from = first * blocks * SQUARE;
    if (in < ROWS) {
      for (int k = 0; k < in; k++) {
        for (int column = 0; column < width(); column += STEP) {
          int to = sumsAt + k * width() + column;
          one(x, xAt + k * LANES, xStep, from + place(column), positions, sums, to);
        }
      }
      return;
    }
    for (int k = 0; k < in; k += ROWS) {
      // The last rows reach back over some that are done, and leave those as they are.
      int row = Math.min(k, in - ROWS);
      int xk = xAt + row * LANES;
      int column = 0;
      for (; column + STEP < width(); column += 2 * STEP) {
        int to = sumsAt + row * width() + column;
        int next = from + place(column + STEP);
        pair(x, xk, xStep, from + place(column), next, positions, sums, to, k - row);
      }
      if (column < width()) {
        int to = sumsAt + row * width() + column;
        single(x, xk, xStep, from + place(column), positions, sums, to, k - row);
      }
    }
  }

  /** Where a vector of columns stands in a position and lane of {@link #turned}. */
  private static int place(int column) {
    return column / LANES * SQUARE + column % LANES;
  }

  /** Adds sums to a gradient without padding. */
  void store(float[] sums, int sumsAt, int in, float[] target, int at) {
    for (int k = 0; k < in; k++) {
      for (int m = 0; m < out; m++) {
        target[at + k * out + m] += sums[sumsAt + k * width() + m];
      }
    }
  }

  /** Eight rows of Ẇ and two vectors of columns, less the first {@code done} rows. */
  private void pair(
      float[] x,
      int xAt,
      int xStep,
      int gAt,
      int gNext,
      int positions,
      float[] sums,
      int at,
      int done) {
    int row = width();
    FloatVector a0 = FloatVector.fromArray(FLOATS, sums, at);
    FloatVector a1 = FloatVector.fromArray(FLOATS, sums, at + row);
    FloatVector a2 = FloatVector.fromArray(FLOATS, sums, at + 2 * row);
    FloatVector a3 = FloatVector.fromArray(FLOATS, sums, at + 3 * row);
    FloatVector a4 = FloatVector.fromArray(FLOATS, sums, at + 4 * row);
    FloatVector a5 = FloatVector.fromArray(FLOATS, sums, at + 5 * row);
    FloatVector a6 = FloatVector.fromArray(FLOATS, sums, at + 6 * row);
    FloatVector a7 = FloatVector.fromArray(FLOATS, sums, at + 7 * row);
    FloatVector b0 = FloatVector.fromArray(FLOATS, sums, at + STEP);
    FloatVector b1 = FloatVector.fromArray(FLOATS, sums, at + row + STEP);
    FloatVector b2 = FloatVector.fromArray(FLOATS, sums, at + 2 * row + STEP);
    FloatVector b3 = FloatVector.fromArray(FLOATS, sums, at + 3 * row + STEP);
    FloatVector b4 = FloatVector.fromArray(FLOATS, sums, at + 4 * row + STEP);
    FloatVector b5 = FloatVector.fromArray(FLOATS, sums, at + 5 * row + STEP);
    FloatVector b6 = FloatVector.fromArray(FLOATS, sums, at + 6 * row + STEP);
    FloatVector b7 = FloatVector.fromArray(FLOATS, sums, at + 7 * row + STEP);
    for (int t = 0; t < positions; t++) {
      int xt = xAt + t * xStep;
      int gt = t * blocks * SQUARE;
      for (int lane = 0; lane < LANES; lane++) {
        FloatVector g = FloatVector.fromArray(FLOATS, turned, gAt + gt + lane * LANES);
        FloatVector next = FloatVector.fromArray(FLOATS, turned, gNext + gt + lane * LANES);
        FloatVector v0 = FloatVector.broadcast(FLOATS, x[xt + lane]);
        a0 = v0.fma(g, a0);
        b0 = v0.fma(next, b0);
        FloatVector v1 = FloatVector.broadcast(FLOATS, x[xt + lane + LANES]);
        a1 = v1.fma(g, a1);
        b1 = v1.fma(next, b1);
        FloatVector v2 = FloatVector.broadcast(FLOATS, x[xt + lane + 2 * LANES]);
        a2 = v2.fma(g, a2);
        b2 = v2.fma(next, b2);
        FloatVector v3 = FloatVector.broadcast(FLOATS, x[xt + lane + 3 * LANES]);
        a3 = v3.fma(g, a3);
        b3 = v3.fma(next, b3);
        FloatVector v4 = FloatVector.broadcast(FLOATS, x[xt + lane + 4 * LANES]);
        a4 = v4.fma(g, a4);
        b4 = v4.fma(next, b4);
        FloatVector v5 = FloatVector.broadcast(FLOATS, x[xt + lane + 5 * LANES]);
        a5 = v5.fma(g, a5);
        b5 = v5.fma(next, b5);
        FloatVector v6 = FloatVector.broadcast(FLOATS, x[xt + lane + 6 * LANES]);
        a6 = v6.fma(g, a6);
        b6 = v6.fma(next, b6);
        FloatVector v7 = FloatVector.broadcast(FLOATS, x[xt + lane + 7 * LANES]);
        a7 = v7.fma(g, a7);
        b7 = v7.fma(next, b7);
      }
    }
    if (done == 0) {
      a0.intoArray(sums, at);
      b0.intoArray(sums, at + STEP);
    }
    if (done <= 1) {
      a1.intoArray(sums, at + row);
      b1.intoArray(sums, at + row + STEP);
    }
    if (done <= 2) {
      a2.intoArray(sums, at + 2 * row);
      b2.intoArray(sums, at + 2 * row + STEP);
    }
    if (done <= 3) {
      a3.intoArray(sums, at + 3 * row);
      b3.intoArray(sums, at + 3 * row + STEP);
    }
    if (done <= 4) {
      a4.intoArray(sums, at + 4 * row);
      b4.intoArray(sums, at + 4 * row + STEP);
    }
    if (done <= 5) {
      a5.intoArray(sums, at + 5 * row);
      b5.intoArray(sums, at + 5 * row + STEP);
    }
    if (done <= 6) {
      a6.intoArray(sums, at + 6 * row);
      b6.intoArray(sums, at + 6 * row + STEP);
    }
    if (done <= 7) {
      a7.intoArray(sums, at + 7 * row);
      b7.intoArray(sums, at + 7 * row + STEP);
    }
  }

  /** The same with one vector of columns. */
  private void single(
      float[] x, int xAt, int xStep, int gAt, int positions, float[] sums, int at, int done) {
    int row = width();
    FloatVector a0 = FloatVector.fromArray(FLOATS, sums, at);
    FloatVector a1 = FloatVector.fromArray(FLOATS, sums, at + row);
    FloatVector a2 = FloatVector.fromArray(FLOATS, sums, at + 2 * row);
    FloatVector a3 = FloatVector.fromArray(FLOATS, sums, at + 3 * row);
    FloatVector a4 = FloatVector.fromArray(FLOATS, sums, at + 4 * row);
    FloatVector a5 = FloatVector.fromArray(FLOATS, sums, at + 5 * row);
    FloatVector a6 = FloatVector.fromArray(FLOATS, sums, at + 6 * row);
    FloatVector a7 = FloatVector.fromArray(FLOATS, sums, at + 7 * row);
    for (int t = 0; t < positions; t++) {
      int xt = xAt + t * xStep;
      int gt = t * blocks * SQUARE;
      for (int lane = 0; lane < LANES; lane++) {
        FloatVector g = FloatVector.fromArray(FLOATS, turned, gAt + gt + lane * LANES);
        a0 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane]), a0);
        a1 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane + LANES]), a1);
        a2 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane + 2 * LANES]), a2);
        a3 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane + 3 * LANES]), a3);
        a4 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane + 4 * LANES]), a4);
        a5 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane + 5 * LANES]), a5);
        a6 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane + 6 * LANES]), a6);
        a7 = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane + 7 * LANES]), a7);
      }
    }
    if (done == 0) {
      a0.intoArray(sums, at);
    }
    if (done <= 1) {
      a1.intoArray(sums, at + row);
    }
    if (done <= 2) {
      a2.intoArray(sums, at + 2 * row);
    }
    if (done <= 3) {
      a3.intoArray(sums, at + 3 * row);
    }
    if (done <= 4) {
      a4.intoArray(sums, at + 4 * row);
    }
    if (done <= 5) {
      a5.intoArray(sums, at + 5 * row);
    }
    if (done <= 6) {
      a6.intoArray(sums, at + 6 * row);
    }
    if (done <= 7) {
      a7.intoArray(sums, at + 7 * row);
    }
  }

  private void one(float[] x, int xAt, int xStep, int gAt, int positions, float[] sums, int at) {
    FloatVector sum = FloatVector.fromArray(FLOATS, sums, at);
    for (int t = 0; t < positions; t++) {
      int xt = xAt + t * xStep;
      int gt = gAt + t * blocks * SQUARE;
      for (int lane = 0; lane < LANES; lane++) {
        FloatVector g = FloatVector.fromArray(FLOATS, turned, gt + lane * LANES);
        sum = g.fma(FloatVector.broadcast(FLOATS, x[xt + lane]), sum);
      }
    }
    sum.intoArray(sums, at);
  }
}
