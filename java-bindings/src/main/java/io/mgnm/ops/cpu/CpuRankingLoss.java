package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Batch;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** A history's scores, 16 at a time. */
final class CpuRankingLoss implements RankingLoss {
  /** e^−|y| is 0 beyond: no longer a normal number, and our exp stays at the smallest of those. */
  private static final float VANISHES = 87f;

  /** Where a worker's tile has e^−|y|, losses and their sums; scores are at 0. */
  private static final int POWER = LANES;

  private static final int LOSS = 2 * LANES;
  private static final int SUM = 3 * LANES;

  private final CpuBackend backend;
  private final Options options;

  CpuRankingLoss(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void forward(Batch batch, Tensor scores, Tensor losses, Tensor scoreGradients) {
    RankingLoss.checkForward(options, scores, losses, scoreGradients);
    CpuTensor y = backend.own(scores);
    CpuTensor loss = backend.own(losses);
    CpuTensor dY = backend.own(scoreGradients);
    int values = Math.multiplyExact(batch.shape().candidates(), options.scores());
    boolean softmax = options.form() == Form.SOFTMAX;
    float[] labels = new float[values + LANES];
    Arrays.fill(labels, 0, Math.min(values, options.scores()), 1f);
    int size = softmax ? SoftmaxLoss.tile(batch.shape().candidates()) : SUM + LANES;
    float[][] tiles = new float[backend.workers().size()][size];
    backend.perHistory(
        backend.own(batch),
        micro -> {
          float[] tile = tiles[micro.worker()];
          for (int h = 0; h < micro.histories(); h++) {
            float[] from = y.array(micro);
            int at = y.base(micro) + h * values;
            float[] to = dY.array(micro);
            int toAt = dY.base(micro) + h * values;
            loss.array(micro)[loss.base(micro) + h] =
                softmax
                    ? SoftmaxLoss.history(from, at, to, toAt, values, options.scores(), tile)
                    : logistic(from, at, to, toAt, values, labels, tile);
          }
        });
  }

  private static float logistic(
      float[] y, int from, float[] dY, int to, int values, float[] labels, float[] tile) {
    Arrays.fill(tile, SUM, SUM + LANES, 0f);
    for (int i = 0; i < values; i += LANES) {
      int live = Math.min(LANES, values - i);
      System.arraycopy(y, from + i, tile, 0, live);
      Arrays.fill(tile, live, LANES, 0f);
      crossEntropy(tile, labels, i);
      System.arraycopy(tile, 0, dY, to + i, live);
      add(tile, live);
    }
    return Lanes.sum(tile, SUM);
  }

  /** Scores at 0 of the tile give their losses, at {@link #LOSS}, and become their derivatives. */
  private static void crossEntropy(float[] tile, float[] labels, int i) {
    // One small method each: C2 inlines only so much, and what it does not inline allocates.
    for (int p = 0; p < LANES; p += STEP) {
      power(tile, p);
      loss(tile, p, labels, i + p);
      derivative(tile, p, labels, i + p);
    }
  }

  /** z = e^−|y|. */
  private static void power(float[] tile, int p) {
    FloatVector size = FloatVector.fromArray(FLOATS, tile, p).abs();
    FloatVector z = VectorMath.exp(size.neg());
    z.blend(0f, size.compare(VectorOperators.GT, VANISHES)).intoArray(tile, POWER + p);
  }

  /** max(y, 0) − y·label + log(1 + z). */
  private static void loss(float[] tile, int p, float[] labels, int i) {
    FloatVector y = FloatVector.fromArray(FLOATS, tile, p);
    FloatVector z = FloatVector.fromArray(FLOATS, tile, POWER + p);
    FloatVector positive = y.blend(0f, y.compare(VectorOperators.LT, 0f)); // NaN stays
    FloatVector linear = positive.sub(y.mul(FloatVector.fromArray(FLOATS, labels, i)));
    linear.add(VectorMath.log1p(z)).intoArray(tile, LOSS + p);
  }

  /** σ(y) − label as ±σ(±y), which does not cancel where the label is 1. */
  private static void derivative(float[] tile, int p, float[] labels, int i) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    FloatVector z = FloatVector.fromArray(FLOATS, tile, POWER + p);
    FloatVector label = FloatVector.fromArray(FLOATS, labels, i);
    FloatVector sign = one.sub(label.add(label));
    FloatVector signed = FloatVector.fromArray(FLOATS, tile, p).mul(sign);
    FloatVector numerator = one.blend(z, signed.compare(VectorOperators.LT, 0f));
    numerator.div(z.add(1f)).mul(sign).intoArray(tile, p);
  }

  /** Adds the losses of the live lanes to the sums at {@link #SUM}. */
  private static void add(float[] tile, int live) {
    for (int lane = 0; lane < live; lane++) {
      tile[SUM + lane] += tile[LOSS + lane];
    }
  }

  @Override
  public void total(Batch batch, Tensor losses, Tensor penalties, StepState stepState) {
    RankingLoss.checkTotal(losses, penalties);
    CpuBatch histories = backend.own(batch);
    CpuTensor loss = backend.ownKept("ranking_loss.total", "loss", losses);
    CpuTensor l1 = backend.ownKept("ranking_loss.total", "l1", penalties);
    CpuStepState state = backend.own(stepState);
    backend.whole(
        () -> {
          double lossSum = sum(loss.array(), histories.count());
          double l1Sum = sum(l1.array(), histories.count());
          state.loss += lossSum;
          state.l1 += l1Sum;
          state.histories += histories.count();
          state.candidates += (long) histories.count() * histories.shape().candidates();
          boolean failed = !Double.isFinite(lossSum) || !Double.isFinite(l1Sum);
          if (failed && state.failedStep < 0) {
            state.failedStep = state.step;
          }
        });
  }

  private static double sum(float[] values, int count) {
    double sum = 0;
    for (int b = 0; b < count; b++) {
      sum += values[b];
    }
    return sum;
  }
}
