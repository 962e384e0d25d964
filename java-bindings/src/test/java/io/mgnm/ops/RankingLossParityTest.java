package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RankingLossParityTest {

  @Test
  void referenceDerivativeIsThatOfTheLoss() {
    double h = 1e-5;
    try (Subject subject = new Subject(new ReferenceBackend(Precision.DOUBLE), 4)) {
      Batch batch = subject.batch(new int[] {1, 4, 2}, 5, 4, 3, 2);
      Tensor y = subject.input(batch.tensor(Axis.CANDIDATES, 3, Lifetime.KEPT), 4);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      Tensor dY = batch.tensor(Axis.CANDIDATES, 3, Lifetime.KEPT);
      RankingLoss rankingLoss = subject.backend().rankingLoss(new RankingLoss.Options(3));
      rankingLoss.forward(batch, y, loss, dY);
      double[] analytic = ReferenceBackend.values(dY);
      double[] values = ReferenceBackend.values(y);
      for (int i = 0; i < values.length; i++) {
        double[] moved = values.clone();
        double numeric = 0;
        for (int sign = -1; sign <= 1; sign += 2) {
          moved[i] = values[i] + sign * h;
          ReferenceBackend.setValues(y, moved);
          rankingLoss.forward(batch, y, loss, dY);
          numeric += sign * Arrays.stream(ReferenceBackend.values(loss)).sum() / (2 * h);
        }
        assertThat(analytic[i]).as("by y[%d]", i).isCloseTo(numeric, within(2e-8));
      }
    }
  }

  @Test
  void referenceIsTheCrossEntropyOfTheLogisticFunction() {
    try (Subject subject = new Subject(new ReferenceBackend(Precision.DOUBLE), 4)) {
      Batch batch = subject.batch(new int[] {1, 4}, 3, 4, 1, 2);
      Tensor y = subject.input(batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT), 2);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      subject.backend().rankingLoss(new RankingLoss.Options(1)).forward(batch, y, loss, y);
      double[] probabilities = ReferenceBackend.values(y); // σ(y) − label
      for (int b = 0; b < 2; b++) {
        double expected = -Math.log(probabilities[3 * b] + 1);
        expected -= Math.log(1 - probabilities[3 * b + 1]) + Math.log(1 - probabilities[3 * b + 2]);
        assertThat(ReferenceBackend.values(loss)[b]).isCloseTo(expected, within(1e-12));
      }
    }
  }
}
