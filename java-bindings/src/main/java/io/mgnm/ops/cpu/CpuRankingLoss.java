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
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** A history's scores, 16 at a time. */
final class CpuRankingLoss implements RankingLoss {
  /** e^−|y| is 0 beyond: no longer a normal number, and our exp stays at the smallest of those. */
  private static final float VANISHES = 87f;

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
    float[] labels = new float[values + LANES];
    Arrays.fill(labels, 0, Math.min(values, options.scores()), 1f);
    float[][] tiles = new float[backend.workers().size()][3 * LANES];
    backend.perHistory(
        backend.own(batch),
        micro -> {
          float[] tile = tiles[micro.worker()];
          for (int h = 0; h < micro.histories(); h++) {
            int from = y.base(micro) + h * values;
            int to = dY.base(micro) + h * values;
            Arrays.fill(tile, 2 * LANES, 3 * LANES, 0f);
            for (int i = 0; i < values; i += LANES) {
              int live = Math.min(LANES, values - i);
              System.arraycopy(y.array(micro), from + i, tile, 0, live);
              Arrays.fill(tile, live, LANES, 0f);
              crossEntropy(tile, labels, i);
              System.arraycopy(tile, 0, dY.array(micro), to + i, live);
              add(tile, live);
            }
            loss.array(micro)[loss.base(micro) + h] = Lanes.sum(tile, 2 * LANES);
          }
        });
  }

  /** Scores at 0 of the tile become their derivatives; their losses go to 16. */
  private static void crossEntropy(float[] tile, float[] labels, int i) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector y = FloatVector.fromArray(FLOATS, tile, p);
      FloatVector label = FloatVector.fromArray(FLOATS, labels, i + p);
      FloatVector size = y.abs();
      FloatVector z = VectorMath.exp(size.neg());
      z = z.blend(0f, size.compare(VectorOperators.GT, VANISHES));
      FloatVector positive = y.blend(0f, y.compare(VectorOperators.LT, 0f)); // NaN stays
      positive.sub(y.mul(label)).add(VectorMath.log1p(z)).intoArray(tile, LANES + p);
      // σ(y) − label as ±σ(±y), which does not cancel where the label is 1
      FloatVector sign = one.sub(label.add(label));
      VectorMask<Float> below = y.mul(sign).compare(VectorOperators.LT, 0f);
      FloatVector sigmoid = one.blend(z, below).div(z.add(1f));
      sigmoid.mul(sign).intoArray(tile, p);
    }
  }

  /** Adds the losses of the live lanes to the sums at 32. */
  private static void add(float[] tile, int live) {
    for (int lane = 0; lane < live; lane++) {
      tile[2 * LANES + lane] += tile[LANES + lane];
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
