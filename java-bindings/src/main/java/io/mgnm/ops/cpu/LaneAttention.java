package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One head of attention along the positions of a lane group, four queries at a time. Scores are
 * never kept for all pairs: the backward computes them again from the largest of a query and the
 * inverse of its sum, which the forward leaves.
 */
final class LaneAttention {
  private static final int QUERIES = 4;

  private final int size; // of the head
  private final float scale;
  private final float[] weights; // [u][query][16]
  private final float[] gradients; // likewise
  private final float[] result; // [query][size][16]
  private final float[] row = new float[LANES];

  LaneAttention(int size, int maxLength) {
    this.size = size;
    this.scale = (float) (1 / Math.sqrt(size));
    weights = new float[maxLength * QUERIES * LANES];
    gradients = new float[maxLength * QUERIES * LANES];
    result = new float[QUERIES * size * LANES];
  }

  /**
   * @param tape positions {@code step} apart, q, k, v and the context of this head at these places
   * @param stats where the largest score of a query is written, and behind it 1 / its sum
   * @param lengths of the lanes
   */
  void forward(
      float[] tape, int q, int k, int v, int context, int stats, int step, int n, float[] lengths) {
    for (int t = 0; t < n; t += QUERIES) {
      int queries = Math.min(QUERIES, n - t);
      scores(tape, q + t * step, step, queries, tape, k, step, n, weights);
      softmax(queries, n, lengths, tape, stats + t * step, step);
      Arrays.fill(result, 0);
      LaneProducts.outer(weights, 0, queries * LANES, queries, tape, v, step, size, n, result, 0);
      for (int i = 0; i < queries; i++) {
        int at = (t + i) * step;
        scaleRows(result, i * size * LANES, size, tape, stats + LANES + at, tape, context + at);
      }
    }
  }

  /**
   * @param dContext the derivative by the context, positions {@code dStep} apart
   * @param dQkv the derivatives by q, k and v are added to it at the places dQ, dK and dV,
   *     positions {@code dQkvStep} apart
   */
  void backward(
      float[] tape,
      int q,
      int k,
      int v,
      int stats,
      int step,
      int n,
      float[] lengths,
      float[] dContext,
      int dAt,
      int dStep,
      float[] dQkv,
      int dQ,
      int dK,
      int dV,
      int dQkvStep) {
    for (int t = 0; t < n; t += QUERIES) {
      int queries = Math.min(QUERIES, n - t);
      scores(tape, q + t * step, step, queries, tape, k, step, n, weights);
      exponentials(queries, n, lengths, tape, stats + t * step, step);
      scores(dContext, dAt + t * dStep, dStep, queries, tape, v, step, n, gradients);
      for (int i = 0; i < queries; i++) {
        int inverse = stats + (t + i) * step + LANES;
        softmaxGradient(i * LANES, queries * LANES, n, tape, inverse);
      }
      Arrays.fill(result, 0);
      LaneProducts.outer(gradients, 0, queries * LANES, queries, tape, k, step, size, n, result, 0);
      for (int i = 0; i < queries; i++) {
        int at = dQ + (t + i) * dQkvStep;
        LaneRows.add(result, i * size * LANES, dQkv, at, dQkv, at, size);
      }
      for (int u = 0; u < n; u++) {
        int at = u * queries * LANES;
        LaneProducts.outer(
            gradients,
            at,
            LANES,
            1,
            tape,
            q + t * step,
            step,
            size,
            queries,
            dQkv,
            dK + u * dQkvStep);
        LaneProducts.outer(
            weights,
            at,
            LANES,
            1,
            dContext,
            dAt + t * dStep,
            dStep,
            size,
            queries,
            dQkv,
            dV + u * dQkvStep);
      }
    }
  }

  /** {@code scores[u][i] = Σ_c a[i][c] · b[u][c]}, lane by lane. */
  private void scores(
      float[] a,
      int aAt,
      int aStep,
      int queries,
      float[] b,
      int bAt,
      int bStep,
      int n,
      float[] scores) {
    for (int u = 0; u < n; u++) {
      for (int i = 0; i < queries; i++) {
        for (int p = 0; p < LANES; p += STEP) {
          FloatVector sum = FloatVector.zero(FLOATS);
          int ai = aAt + i * aStep + p;
          int bi = bAt + u * bStep + p;
          for (int c = 0; c < size * LANES; c += LANES) {
            sum =
                FloatVector.fromArray(FLOATS, a, ai + c)
                    .fma(FloatVector.fromArray(FLOATS, b, bi + c), sum);
          }
          sum.intoArray(scores, (u * queries + i) * LANES + p);
        }
      }
    }
  }

  /**
   * Turns scores into exponentials, and writes the largest scaled score of each query, among the
   * positions that a lane has, and behind it 1 / Σ, which is 0 in a lane without positions.
   */
  private void softmax(int queries, int n, float[] lengths, float[] tape, int stats, int step) {
    int row = queries * LANES;
    for (int i = 0; i < queries; i++) {
      for (int p = 0; p < LANES; p += STEP) {
        FloatVector largest = FloatVector.broadcast(FLOATS, -Float.MAX_VALUE);
        FloatVector length = FloatVector.fromArray(FLOATS, lengths, p);
        for (int u = 0; u < n; u++) {
          FloatVector score =
              FloatVector.fromArray(FLOATS, weights, u * row + i * LANES + p)
                  .mul(FloatVector.broadcast(FLOATS, scale));
          // Not max: a NaN must win, so that it reaches the result.
          var smaller = score.compare(VectorOperators.LE, largest);
          var alive = length.compare(VectorOperators.GT, FloatVector.broadcast(FLOATS, u));
          largest = largest.blend(score.blend(largest, smaller), alive);
        }
        largest.intoArray(tape, stats + i * step + p);
      }
    }
    exponentials(queries, n, lengths, tape, stats, step);
    for (int i = 0; i < queries; i++) {
      for (int p = 0; p < LANES; p += STEP) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int u = 0; u < n; u++) {
          sum = sum.add(FloatVector.fromArray(FLOATS, weights, u * row + i * LANES + p));
        }
        var none = sum.compare(VectorOperators.EQ, FloatVector.zero(FLOATS));
        FloatVector inverse =
            FloatVector.broadcast(FLOATS, 1f).div(sum).blend(FloatVector.zero(FLOATS), none);
        inverse.intoArray(tape, stats + i * step + LANES + p);
      }
    }
  }

  /** {@code e^(scale · score − largest)} for some queries, and 0 behind a lane's end. */
  private void exponentials(
      int queries, int n, float[] lengths, float[] tape, int stats, int step) {
    for (int u = 0; u < n; u++) {
      for (int i = 0; i < queries; i++) {
        for (int p = 0; p < LANES; p += STEP) {
          int at = (u * queries + i) * LANES + p;
          FloatVector score =
              FloatVector.fromArray(FLOATS, weights, at).mul(FloatVector.broadcast(FLOATS, scale));
          score
              .sub(FloatVector.fromArray(FLOATS, tape, stats + i * step + p))
              .intoArray(weights, at);
        }
      }
    }
    LaneExp.exp(weights, 0, 0, n * queries * LANES, 1);
    LaneRows.copyAlive(weights, 0, weights, 0, queries, n, lengths, 0);
  }

  /**
   * Of one query: turns exponentials into weights α, and their derivatives into those by the scores
   * before scaling, {@code α (α̇ − Σ α α̇) · scale}.
   */
  private void softmaxGradient(int at, int step, int n, float[] stats, int inverse) {
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector along = FloatVector.zero(FLOATS);
      for (int u = 0; u < n; u++) {
        int i = at + u * step + p;
        FloatVector weight =
            FloatVector.fromArray(FLOATS, weights, i)
                .mul(FloatVector.fromArray(FLOATS, stats, inverse + p));
        weight.intoArray(weights, i);
        along = weight.fma(FloatVector.fromArray(FLOATS, gradients, i), along);
      }
      along.intoArray(row, p);
      for (int u = 0; u < n; u++) {
        int i = at + u * step + p;
        FloatVector difference =
            FloatVector.fromArray(FLOATS, gradients, i).sub(FloatVector.fromArray(FLOATS, row, p));
        difference
            .mul(FloatVector.fromArray(FLOATS, weights, i))
            .mul(FloatVector.broadcast(FLOATS, scale))
            .intoArray(gradients, i);
      }
    }
  }

  private static void scaleRows(
      float[] a, int aAt, int rows, float[] factors, int factor, float[] y, int yAt) {
    for (int i = 0; i < rows * LANES; i += STEP) {
      FloatVector.fromArray(FLOATS, a, aAt + i)
          .mul(FloatVector.fromArray(FLOATS, factors, factor + i % LANES))
          .intoArray(y, yAt + i);
    }
  }
}
