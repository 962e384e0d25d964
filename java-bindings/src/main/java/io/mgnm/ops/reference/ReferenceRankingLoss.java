package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** As the contract has it, without the penalties. */
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
            for (int l = 0; l < options.scores(); l++) {
              switch (options.form()) {
                case LOGISTIC -> logistic(y, loss, dY, b, candidates, l);
                case SOFTMAX -> softmax(y, loss, dY, b, candidates, l);
              }
            }
          }
        });
  }

  private void logistic(
      ReferenceTensor y, ReferenceTensor loss, ReferenceTensor dY, int b, int candidates, int l) {
    for (int c = 0; c < candidates; c++) {
      double label = c == 0 ? 1 : 0;
      int row = b * candidates + c;
      double score = y.get(row, l);
      loss.add(b, 0, precision.store(crossEntropy(score, label)));
      dY.set(row, l, precision.store(1 / (1 + Math.exp(-score))) - label);
    }
  }

  /** −label·log σ(y) − (1 − label)·log(1 − σ(y)), written so that nothing overflows. */
  private static double crossEntropy(double y, double label) {
    return Math.max(y, 0) - y * label + Math.log1p(Math.exp(-Math.abs(y)));
  }

  /** With the greatest score taken from all, so that nothing overflows. */
  private void softmax(
      ReferenceTensor y, ReferenceTensor loss, ReferenceTensor dY, int b, int candidates, int l) {
    int target = b * candidates;
    double positive = y.get(target, l);
    double greatest = positive;
    for (int c = 1; c < candidates; c++) {
      greatest = Math.max(greatest, y.get(target + c, l));
    }
    double others = 0;
    for (int c = 1; c < candidates; c++) {
      double score = y.get(target + c, l);
      double power = precision.store(Math.exp(score - greatest));
      others = precision.store(others + power + 0 * score); // −∞ is no score
    }
    double own = Math.exp(positive - greatest);
    double sum = own + others;
    loss.add(b, 0, precision.store(greatest - positive + Math.log1p(own - 1 + others)));
    for (int c = 1; c < candidates; c++) {
      double score = y.get(target + c, l);
      dY.set(target + c, l, precision.store(Math.exp(score - greatest) / sum));
    }
    dY.set(target, l, precision.store(-others / sum));
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
