package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout.Attention;
import java.util.Arrays;

/** Up to 16 candidates of one history of a micro-batch, and a worker's room for working on them. */
final class CandidateTile {
  private final AttentionTile attention;
  private final int candidates;
  private final int capsules;
  private final int d;
  private final int width;
  private final float[] lanes; // [d][16]
  private final float[] rows; // [16][width], for rows that are not whole vectors
  private final float[] dY; // [level][16]
  private final float[] dRows; // likewise
  private int firstCapsule; // of the history, as a place in its rows
  private int first; // candidate, counted in the micro-batch
  private int live;

  CandidateTile(BatchShape shape, Attention attention) {
    this.attention = new AttentionTile(shape, attention);
    candidates = shape.candidates();
    capsules = shape.capsules();
    d = shape.d();
    width = DenseRows.width(d);
    lanes = new float[d * LANES];
    rows = new float[width == d ? 0 : LANES * width];
    dY = new float[this.attention.levels() * LANES];
    dRows = new float[rows.length];
  }

  /** Takes candidates c to c + 15 of local history h, as far as there are any. */
  void load(MicroBatch micro, CpuTensor e, int h, int c) {
    firstCapsule = h * capsules * width;
    first = h * candidates + c;
    live = Math.min(LANES, candidates - c);
    AttentionTile.load(e.array(micro), e.base(micro) + first * d, live, d, lanes, 0);
  }

  /** Computes their scores for the history's interests, among those of the micro-batch. */
  void attend(float[] q) {
    attention.attend(q, firstCapsule, lanes, 0);
  }

  void storeScores(MicroBatch micro, CpuTensor y) {
    int levels = attention.levels();
    float[] to = y.array(micro);
    int base = y.base(micro) + first * levels;
    float[] from = attention.y();
    for (int l = 0; l < levels; l++) {
      for (int lane = 0; lane < live; lane++) {
        to[base + lane * levels + l] = from[l * LANES + lane];
      }
    }
  }

  /**
   * After {@link #attend}: {@code q̇_j += Σ_x ẏ w_j x} and {@code ẋ = Σ_j ẏ w_j q_j}. Both sums run
   * over live candidates only, so a lane without one adds nothing, not even a NaN.
   */
  void backward(
      MicroBatch micro, CpuTensor e, CpuTensor dScores, float[] q, float[] dQ, CpuTensor dE) {
    loadGradients(dScores.array(micro), dScores.base(micro) + first * attention.levels());
    attention.weigh(dY);
    float[] w = attention.weights();
    float[] to = dE.array(micro);
    int at = dE.base(micro) + first * d;
    if (width == d) { // rows need no padding: they are read and written where they are
      products(e.array(micro), e.base(micro) + first * d, w, q, dQ, to, at);
      return;
    }
    for (int lane = 0; lane < live; lane++) {
      int row = e.base(micro) + (first + lane) * d;
      System.arraycopy(e.array(micro), row, rows, lane * width, d);
    }
    products(rows, 0, w, q, dQ, dRows, 0);
    for (int lane = 0; lane < live; lane++) {
      System.arraycopy(dRows, lane * width, to, at + lane * d, d);
    }
  }

  private void loadGradients(float[] dScores, int at) {
    int levels = attention.levels();
    Arrays.fill(dY, 0f);
    for (int l = 0; l < levels; l++) {
      for (int lane = 0; lane < live; lane++) {
        dY[l * LANES + lane] = dScores[at + lane * levels + l];
      }
    }
  }

  /** Both sums, from and to rows that lie {@link #width} apart. */
  private void products(float[] x, int xAt, float[] w, float[] q, float[] dQ, float[] dX, int at) {
    DenseRows.multiplyAdd(
        capsules, live, width, w, 0, LANES, 1, x, xAt, width, dQ, firstCapsule, width);
    Arrays.fill(dX, at, at + live * width, 0f);
    DenseRows.multiplyAdd(
        live, capsules, width, w, 0, 1, LANES, q, firstCapsule, width, dX, at, width);
  }
}
