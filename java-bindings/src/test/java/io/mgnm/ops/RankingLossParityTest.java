package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RankingLossParityTest {

  @ParameterizedTest
  @EnumSource
  void referenceDerivativeIsThatOfTheLoss(RankingLoss.Form form) {
    double h = 1e-5;
    try (Subject subject = new Subject(new ReferenceBackend(Precision.DOUBLE), 4)) {
      Batch batch = subject.batch(new int[] {1, 4, 2}, 5, 4, 3, 2);
      Tensor y = subject.input(batch.tensor(Axis.CANDIDATES, 3, Lifetime.KEPT), 4);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      Tensor dY = batch.tensor(Axis.CANDIDATES, 3, Lifetime.KEPT);
      RankingLoss rankingLoss = subject.backend().rankingLoss(new RankingLoss.Options(3, form));
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
      subject
          .backend()
          .rankingLoss(new RankingLoss.Options(1, RankingLoss.Form.LOGISTIC))
          .forward(batch, y, loss, y);
      double[] probabilities = ReferenceBackend.values(y); // σ(y) − label
      for (int b = 0; b < 2; b++) {
        double expected = -Math.log(probabilities[3 * b] + 1);
        expected -= Math.log(1 - probabilities[3 * b + 1]) + Math.log(1 - probabilities[3 * b + 2]);
        assertThat(ReferenceBackend.values(loss)[b]).isCloseTo(expected, within(1e-12));
      }
    }
  }

  @Test
  void referenceIsTheCrossEntropyOfTheSoftmax() {
    try (Subject subject = new Subject(new ReferenceBackend(Precision.DOUBLE), 4)) {
      Batch batch = subject.batch(new int[] {1}, 3, 4, 1, 2);
      Tensor y = batch.tensor(Axis.CANDIDATES, 2, Lifetime.KEPT);
      y.upload(new float[] {0, 2, 1, 1, -1, 0}); // candidate by candidate
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      RankingLoss.Options options = new RankingLoss.Options(2, RankingLoss.Form.SOFTMAX);
      subject.backend().rankingLoss(options).forward(batch, y, loss, y);
      double first = 1 + Math.E + 1 / Math.E;
      double second = Math.E * Math.E + Math.E + 1;
      assertThat(ReferenceBackend.values(loss)[0])
          .isCloseTo(Math.log(first) + Math.log(second) - 2, within(1e-12));
      double[] expected = {
        1 / first - 1,
        Math.E * Math.E / second - 1,
        Math.E / first,
        Math.E / second,
        1 / Math.E / first,
        1 / second
      };
      assertThat(ReferenceBackend.values(y)).containsExactly(expected, within(1e-12));
    }
  }

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("ranking_loss");
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      int seed = 0;
      boolean cuda = backend.name().equals("cuda"); // simulated, and so slow
      for (int histories : cuda ? new int[] {0, 1, 17} : new int[] {0, 1, 2, 17, 65, 300}) {
        for (int candidates : cuda ? new int[] {1, 6, 17} : new int[] {1, 2, 6, 16, 17, 101}) {
          for (int scores : new int[] {1, 4, 6}) {
            for (RankingLoss.Form form : RankingLoss.Form.values()) {
              for (double scale : new double[] {1, 1e-4, 30, 1e4}) {
                Parity.check(
                    "ranking_loss %s %d x %d x %d, scale %g"
                        .formatted(form, histories, candidates, scores, scale),
                    backend,
                    seed++,
                    subject -> {
                      Batch batch = batch(subject, histories, candidates);
                      Tensor y =
                          subject.input(
                              batch.tensor(Axis.CANDIDATES, scores, Lifetime.KEPT), scale);
                      subject
                          .backend()
                          .rankingLoss(new RankingLoss.Options(scores, form))
                          .forward(
                              batch,
                              y,
                              subject.output(
                                  "loss", batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT)),
                              subject.output(
                                  "dY", batch.tensor(Axis.CANDIDATES, scores, Lifetime.KEPT)));
                    });
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("hostCandidates")
  void bitsDependNeitherOnThreadsNorOnRecordingNorOnPlace(Backend backend) {
    try (backend) {
      float[][] expected = results(backend, false);
      assertThat(results(backend, true)).isDeepEqualTo(expected);
      for (int threads : new int[] {1, 3}) {
        try (Backend other = Backends.open(backend.name(), new BackendOptions(threads))) {
          assertThat(results(other, false)).isDeepEqualTo(expected);
          assertThat(results(other, true)).isDeepEqualTo(expected);
        }
      }
    }
  }

  static Stream<Backend> hostCandidates() {
    return TestBackends.candidates();
  }

  /** Loss and derivative; recorded, the derivative takes the place of a local copy of y. */
  private static float[][] results(Backend backend, boolean record) {
    int count = 700;
    try (Subject subject = new Subject(backend, 9)) {
      Batch batch = batch(subject, count, 6);
      Tensor q = batch.capsules(Axis.HISTORIES, 4, Lifetime.KEPT);
      Tensor e = batch.tensor(Axis.CANDIDATES, 4, Lifetime.KEPT);
      Tensor y = batch.tensor(Axis.CANDIDATES, 2, Lifetime.KEPT);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      Tensor dY = batch.tensor(Axis.CANDIDATES, 2, Lifetime.KEPT);
      subject.input(q, 1);
      subject.input(e, 1);
      InterestReadout readout =
          backend.interestReadout(
              new InterestReadout.Options(
                  InterestReadout.Projection.NONE,
                  InterestReadout.Attention.LEVEL,
                  InterestReadout.Readout.MAX));
      RankingLoss rankingLoss =
          backend.rankingLoss(new RankingLoss.Options(2, RankingLoss.Form.LOGISTIC));
      if (record) {
        Runnable code =
            () -> {
              Tensor local = batch.tensor(Axis.CANDIDATES, 2, Lifetime.LOCAL);
              readout.scores(batch, q, e, local);
              rankingLoss.forward(batch, local, loss, dY);
              readout.scores(batch, q, e, y);
              rankingLoss.forward(batch, y, loss, y); // in place
            };
        try (Sequence sequence = backend.record("loss", code)) {
          sequence.run();
        }
        assertThat(y.download()).isEqualTo(dY.download());
      } else {
        readout.scores(batch, q, e, y);
        rankingLoss.forward(batch, y, loss, dY);
      }
      return new float[][] {loss.download(), dY.download()};
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void scoresThatAreNotFiniteGiveALossThatIsNot(Backend backend) {
    for (RankingLoss.Form form : RankingLoss.Form.values()) {
      lossIsNotFinite(backend, new RankingLoss.Options(2, form));
    }
    backend.close();
  }

  private static void lossIsNotFinite(Backend backend, RankingLoss.Options options) {
    float[] wrong = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (float value : wrong) {
      for (int place = 0; place < 4; place++) {
        try (Subject subject = new Subject(backend, 2)) {
          Batch batch = batch(subject, 3, 2);
          Tensor y = subject.input(batch.tensor(Axis.CANDIDATES, 2, Lifetime.KEPT), 1);
          float[] values = y.download();
          values[4 + place] = value;
          y.upload(values);
          Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
          backend.rankingLoss(options).forward(batch, y, loss, y);
          float[] losses = loss.download();
          assertThat(Float.isFinite(losses[1])).as("%s at %d", value, place).isFalse();
          assertThat(Float.isFinite(losses[0]) && Float.isFinite(losses[2])).isTrue();
        }
      }
    }
  }

  static Stream<Backend> everyBackend() {
    return Stream.concat(candidates(), Stream.of(new ReferenceBackend(Precision.DOUBLE)));
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void totalAddsUpAndNamesTheFirstFailedStep(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 2)) {
      Batch batch = batch(subject, 3, 5);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      Tensor l1 = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      loss.upload(new float[] {1, 2, 4});
      l1.upload(new float[] {10, 20, 40});
      StepState state = subject.scope().stepState();
      state.set(7, 0.5);
      RankingLoss rankingLoss =
          backend.rankingLoss(new RankingLoss.Options(4, RankingLoss.Form.LOGISTIC));
      try (Sequence sequence =
          backend.record("total", () -> rankingLoss.total(batch, loss, l1, state))) {
        sequence.run();
        sequence.run();
        assertThat(state.read()).isEqualTo(new StepState.Progress(7, -1, 14, 140, 6, 30));
        assertThat(state.read()).isEqualTo(new StepState.Progress(7, -1, 0, 0, 0, 0));
        l1.upload(new float[] {1, Float.POSITIVE_INFINITY, 1});
        sequence.run();
        state.read();
        loss.upload(new float[] {1, 2, Float.NaN});
        sequence.run();
        assertThat(state.read().failedStep()).isEqualTo(7);
        state.set(8, 0.5);
        sequence.run();
        assertThat(state.read().failedStep()).isEqualTo(8);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapesAndTotalsOfLocalTensors(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 2)) {
      Batch batch = batch(subject, 3, 5);
      Tensor y = batch.tensor(Axis.CANDIDATES, 3, Lifetime.KEPT);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      RankingLoss rankingLoss =
          backend.rankingLoss(new RankingLoss.Options(4, RankingLoss.Form.LOGISTIC));
      assertThatThrownBy(() -> rankingLoss.forward(batch, y, loss, y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("ranking_loss.forward: y: expected candidates x 4, got candidates x 3");
      Tensor local = batch.tensor(Axis.HISTORIES, 1, Lifetime.LOCAL);
      StepState state = subject.scope().stepState();
      assertThatThrownBy(
              () -> backend.record("total", () -> rankingLoss.total(batch, local, loss, state)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("ranking_loss.total: loss: expected KEPT, got LOCAL");
    }
  }

  private static Batch batch(Subject subject, int histories, int candidates) {
    int[] lengths = new int[histories];
    Arrays.setAll(lengths, b -> 1 + b % 5);
    return subject.batch(lengths, candidates, 4, 2, 2);
  }
}
