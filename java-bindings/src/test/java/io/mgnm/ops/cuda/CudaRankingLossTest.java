package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What ranking_loss costs, and that its launches follow the batch. */
@SimulatedCuda
class CudaRankingLossTest {
  private static final int SECTOR = 32;

  /** Scores once in (softmax: for the greatest, the sum, the result) and derivatives once out. */
  @ParameterizedTest
  @CsvSource({
    "6, 4, LOGISTIC, 2",
    "16, 4, LOGISTIC, 2",
    "100, 2, LOGISTIC, 2",
    "8, 1, LOGISTIC, 2",
    "96, 4, SOFTMAX, 4"
  })
  void movesEachScoreOnce(
      int candidates, int scores, RankingLoss.Form form, int times, Machine machine) {
    int histories = 64;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Batch batch = batch(subject, histories, candidates);
      Tensor y = subject.input(batch.tensor(Axis.CANDIDATES, scores, Lifetime.KEPT), 1);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      cuda.rankingLoss(new RankingLoss.Options(scores, form)).forward(batch, y, loss, y);
    }
    assertThat(machine.launches()).hasSize(1);
    Counters counters = machine.launches().getFirst().counters();
    long values = (long) histories * candidates * scores;
    assertThat(counters.storeBytes()).isEqualTo(4 * values + 4L * histories);
    // Beside the scores every warp reads how many histories there are; a loss is a sector's store.
    double least = (double) times * values * 4 / SECTOR + histories;
    assertThat((double) counters.loadSectors() + counters.storeSectors())
        .isLessThanOrEqualTo(1.25 * least + histories);
    assertThat(counters.sharedWavefronts()).isZero();
  }

  @Test
  void oneRecordingFollowsTheBatch(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Batch batch = batch(subject, 3, 2);
      Tensor y = subject.input(batch.tensor(Axis.CANDIDATES, 2, Lifetime.KEPT), 1);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      Tensor dY = batch.tensor(Axis.CANDIDATES, 2, Lifetime.KEPT);
      StepState state = subject.scope().stepState();
      RankingLoss rankingLoss =
          cuda.rankingLoss(new RankingLoss.Options(2, RankingLoss.Form.LOGISTIC));
      try (Sequence sequence =
          cuda.record(
              "loss",
              () -> {
                rankingLoss.forward(batch, y, loss, dY);
                rankingLoss.total(batch, loss, loss, state);
              })) {
        sequence.run();
        float[] three = loss.download();
        StepState.Progress first = state.read();
        assertThat(first.histories()).isEqualTo(3);
        assertThat(first.candidates()).isEqualTo(6);
        batch.upload(
            new Histories(new int[1], new int[1], new int[] {0, 1}, new int[1], new int[2]));
        sequence.run();
        assertThat(loss.download()).containsExactly(three[0]);
        StepState.Progress second = state.read();
        assertThat(second).isEqualTo(new StepState.Progress(0, -1, three[0], three[0], 1, 2));
      }
    }
    assertThat(machine.trace().calls("cuGraphLaunch")).hasSize(2);
    assertThat(machine.launches()).hasSize(4);
  }

  private static Batch batch(Subject subject, int histories, int candidates) {
    int[] lengths = new int[histories];
    Arrays.fill(lengths, 1);
    return subject.batch(lengths, candidates, 4, 1, 1);
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 40", "4, 0, 40", "6, 0, 40", "4, 1, 64", "6, 1, 64"})
  void staysWithinItsRegisters(int scores, int softmax, int most) {
    CompiledKernel.staysWithin(
        "ranking_loss",
        Map.of("SCORES", scores, "SOFTMAX", softmax),
        Map.of("ranking_loss_forward", most, "ranking_loss_total", 64));
  }
}
