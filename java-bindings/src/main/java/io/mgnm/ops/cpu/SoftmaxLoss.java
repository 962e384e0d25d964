package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The softmax of {@code ranking_loss}: a level's scores are gathered first, then 16 at a time. */
final class SoftmaxLoss {

  private SoftmaxLoss() {}

  /** Floats that a history of so many candidates needs. */
  static int tile(int candidates) {
    return (candidates + LANES - 1) / LANES * LANES + LANES;
  }

  /** A history's loss; its derivatives go to {@code dY}, which may be {@code y}. */
  static float history(
      float[] y, int from, float[] dY, int to, int values, int scores, float[] tile) {
    float sum = 0;
    for (int l = 0; l < scores; l++) {
      sum += level(y, from + l, dY, to + l, values / scores, scores, tile);
    }
    return sum;
  }

  private static float level(
      float[] y, int from, float[] dY, int to, int candidates, int stride, float[] tile) {
    int sums = tile.length - LANES;
    float target = y[from];
    float greatest = target;
    float zero = 0; // not a number where a score is infinite
    for (int c = 0; c < candidates; c++) {
      float score = y[from + c * stride];
      tile[c] = score;
      greatest = Math.max(greatest, score);
      zero += 0 * score;
    }
    Arrays.fill(tile, candidates, sums, 0f);
    for (int c = 0; c < candidates; c += LANES) {
      powers(tile, c, greatest);
    }
    float own = tile[0];
    tile[0] = 0;
    Arrays.fill(tile, candidates, sums + LANES, 0f);
    for (int c = 0; c < candidates; c++) {
      tile[sums + c % LANES] += tile[c];
    }
    float others = Lanes.sum(tile, sums) + zero;
    float all = own + others;
    for (int c = 1; c < candidates; c++) {
      dY[to + c * stride] = tile[c] / all;
    }
    dY[to] = -others / all; // does not cancel as own / all - 1 would
    // StrictMath: the same bits wherever and however it is compiled.
    return greatest - target + (float) StrictMath.log1p(own - 1 + others);
  }

  /** e^(y − greatest), 0 where that is no normal number. */
  private static void powers(float[] tile, int c, float greatest) {
    for (int p = c; p < c + LANES; p += STEP) {
      FloatVector below = FloatVector.fromArray(FLOATS, tile, p).sub(greatest);
      VectorMath.exp(below).blend(0f, below.compare(VectorOperators.LT, -87f)).intoArray(tile, p);
    }
  }
}
