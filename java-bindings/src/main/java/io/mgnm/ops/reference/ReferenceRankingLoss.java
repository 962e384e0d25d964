package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** Equations (16) and (17) without the penalties, score by score. */
final class ReferenceRankingLoss implements RankingLoss {
  private final ReferenceBackend backend;
  private final Precision precision;
  private final Options options;

  ReferenceRankingLoss(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.precision = backend.precision();
    this.options = options;
  }

  @Override
  public void forward(Batch batch, Tensor scores, Tensor losses, Tensor scoreGradients) {
    RankingLoss.checkForward(options, scores, losses, scoreGradients);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor y = ReferenceTensor.of(scores);
    ReferenceTensor loss = ReferenceTensor.of(losses);
    ReferenceTensor dY = ReferenceTensor.of(scoreGradients);
    int candidates = batch.shape().candidates();
    backend.run(
        () -> {
          for (int b = 0; b < histories.count(); b++) {
            loss.set(b, 0, 0);
            for (int c = 0; c < candidates; c++) {
              double label = c == 0 ? 1 : 0;
              int row = b * candidates + c;
              for (int l = 0; l < options.scores(); l++) {
                double score = y.get(row, l);
                loss.add(b, 0, precision.store(crossEntropy(score, label)));
                dY.set(row, l, precision.store(1 / (1 + Math.exp(-score))) - label);
              }
            }
          }
        });
  }

  /** −label·log σ(y) − (1 − label)·log(1 − σ(y)), written so that nothing overflows. */
  private static double crossEntropy(double y, double label) {
    return Math.max(y, 0) - y * label + Math.log1p(Math.exp(-Math.abs(y)));
  }

  @Override
  public void total(Batch batch, Tensor losses, Tensor penalties, StepState stepState) {
    RankingLoss.checkTotal(losses, penalties);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor loss = ReferenceTensor.of(losses);
    ReferenceTensor l1 = ReferenceTensor.of(penalties);
    ReferenceStepState state = ReferenceStepState.of(stepState);
    backend.run(
        () -> {
          double lossSum = 0;
          double l1Sum = 0;
          for (int b = 0; b < histories.count(); b++) {
            lossSum += loss.get(b, 0);
            l1Sum += l1.get(b, 0);
          }
          state.loss += lossSum;
          state.l1 += l1Sum;
          state.histories += histories.count();
          state.candidates += (long) histories.count() * batch.shape().candidates();
          boolean failed = !Double.isFinite(lossSum) || !Double.isFinite(l1Sum);
          if (failed && state.failedStep < 0) {
            state.failedStep = state.step;
          }
        });
  }
}
