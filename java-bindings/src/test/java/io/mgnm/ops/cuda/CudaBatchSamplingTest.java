package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What batch_sampling costs: launches, memory traffic, registers. */
@SimulatedCuda
class CudaBatchSamplingTest {
  private static final int SECTOR = 32;

  /** Logits go out once, in runs of positions; a history's run need not begin with a sector. */
  @ParameterizedTest
  @CsvSource({"10, 4, 4", "50, 4, 4", "100, 4, 4", "100, 1, 4", "97, 6, 8"})
  void writesEachLogitOnce(int length, int levels, int interests, Machine machine) {
    int histories = 12;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      int[] lengths = new int[histories];
      Arrays.fill(lengths, length);
      Batch batch = subject.batch(lengths, 2, 8, levels, interests);
      Tensor logits = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      StepState state = subject.scope().stepState();
      state.set(1, 0.1);
      BatchSampling sampling = cuda.batchSampling(new BatchSampling.Options(3, false));
      sampling.trainingLogits(state, batch, logits);
      sampling.scoringLogits(batch, logits);
    }
    long bytes = 4L * histories * length * levels * interests;
    assertThat(machine.launches()).hasSize(2);
    for (LaunchReport launch : machine.launches()) {
      Counters counters = launch.counters();
      assertThat(counters.storeBytes()).isEqualTo(bytes);
      assertThat((double) counters.storeSectors())
          .isLessThan(1.25 * bytes / SECTOR + 8 * histories);
      // Where a run ends inside a warp, columns of the tile collide. The generator's arithmetic is
      // what the kernel is made of: conflicts must not matter beside it.
      assertThat((double) counters.sharedConflicts())
          .isLessThanOrEqualTo(0.02 * counters.warpInstructionsTotal());
    }
  }

  /** Scores go in and out once; an id and its value are read once for the scores side by side. */
  @ParameterizedTest
  @CsvSource({"6, 4", "17, 1", "101, 6", "1, 4"})
  void correctsEachScoreOnce(int candidates, int scores, Machine machine) {
    int histories = 64;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      int[] lengths = new int[histories];
      Arrays.fill(lengths, 1);
      Batch batch = subject.batch(lengths, candidates, 4, 1, 1);
      Tensor logQ = subject.input(subject.scope().floats(50, 1), 3);
      Tensor y = subject.input(batch.tensor(Axis.CANDIDATES, scores, Lifetime.KEPT), 1);
      BatchSampling sampling = cuda.batchSampling(new BatchSampling.Options(3, true));
      float[] before = y.download();
      try (Sequence sequence = cuda.record("correct", () -> sampling.correct(batch, logQ, y))) {
        sequence.run();
        float[] all = y.download();
        y.upload(before);
        batch.upload(
            new Histories(
                new int[1],
                new int[1],
                new int[] {0, 1},
                new int[1],
                Arrays.copyOf(batch.download().candidates(), candidates)));
        sequence.run();
        assertThat(y.download()).containsExactly(Arrays.copyOf(all, candidates * scores));
      }
    }
    assertThat(machine.launches()).hasSize(2);
    Counters counters = machine.launches().getFirst().counters();
    long rows = (long) histories * candidates;
    long bytes = 4 * rows * scores;
    assertThat(counters.storeBytes()).isEqualTo(bytes);
    assertThat(counters.storeSectors()).isEqualTo(bytes / SECTOR);
    long warps = Math.ceilDiv(rows * scores, 32L);
    // Every warp asks how many histories live, and two may share a candidate or a sector of ids.
    assertThat(counters.loadSectors())
        .isLessThanOrEqualTo(bytes / SECTOR + rows / 8 + rows + 4 * warps);
    assertThat(counters.sharedWavefronts()).isZero();
  }

  /** A step's integers in one launch, and no word from the device until somebody asks. */
  @Test
  void oneRecordingDrawsStepAfterStep(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      int users = 300;
      int[] offsets = IntStream.rangeClosed(0, users).map(user -> 5 * user).toArray();
      BatchSampling.Samples samples =
          new BatchSampling.Samples(
              ints(scope, IntStream.range(0, 5 * users).map(i -> i % 97).toArray()),
              ints(scope, offsets),
              ints(scope, IntStream.range(0, users).toArray()),
              ints(scope, IntStream.range(0, users).map(user -> 5 * user + 4).toArray()),
              ints(scope, IntStream.range(0, 97).toArray()),
              ints(scope, new int[0]),
              scope.floats(0, 1));
      Batch batch = scope.batch(new BatchShape(256, 1024, 4, 6, 8, 1, 1));
      StepState state = scope.stepState();
      BatchSampling sampling = cuda.batchSampling(new BatchSampling.Options(3, false));
      try (Sequence sequence = cuda.record("draw", () -> sampling.draw(samples, state, batch))) {
        int before = machine.trace().calls().size();
        sequence.run();
        assertThat(machine.trace().calls().stream().skip(before).map(call -> call.function()))
            .doesNotContain("cuMemcpyDtoHAsync_v2", "cuStreamSynchronize")
            .contains("cuGraphLaunch");
        Histories first = batch.download();
        assertThat(first.count()).isEqualTo(256);
        assertThat(first.offsets()[256]).isEqualTo(1024);
        sequence.run();
        Histories second = batch.download();
        assertThat(second.count()).isEqualTo(44);
        int[] all =
            IntStream.concat(Arrays.stream(first.users()), Arrays.stream(second.users()))
                .sorted()
                .toArray();
        assertThat(all).containsExactly(IntStream.range(0, users).toArray());
        assertThat(state.read().stepsDone()).isEqualTo(2);
      }
    }
    assertThat(machine.launches()).hasSize(2);
  }

  /** The host knows how long the drawn histories are without asking, also after a resumption. */
  @Test
  void theHostRepeatsLengths() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      int users = 53;
      int[] offsets = new int[users + 1];
      for (int user = 0; user < users; user++) {
        offsets[user + 1] = offsets[user] + 2 + user * 7 % 11;
      }
      BatchSampling.Samples samples =
          new BatchSampling.Samples(
              ints(scope, new int[offsets[users]]),
              ints(scope, offsets),
              ints(scope, IntStream.range(0, users).toArray()),
              ints(scope, IntStream.range(0, users).map(user -> offsets[user + 1] - 1).toArray()),
              ints(scope, new int[] {0}),
              ints(scope, new int[0]),
              scope.floats(0, 1));
      CudaBatch batch = (CudaBatch) scope.batch(new BatchShape(16, 128, 8, 1, 8, 1, 1));
      StepState state = scope.stepState();
      BatchSampling sampling = cuda.batchSampling(new BatchSampling.Options(3, false));
      try (Sequence sequence = cuda.record("draw", () -> sampling.draw(samples, state, batch))) {
        for (long stepsDone : new long[] {0, 1_000_003}) {
          state.set(stepsDone, 0.1);
          for (int step = 0; step < 9; step++) {
            if (step == 4) {
              sampling.draw(samples, state, batch);
            } else {
              sequence.run();
            }
            int[] known = batch.lengths();
            assertThat(known).isEqualTo(lengths(batch.download()));
          }
        }
      }
    }
  }

  private static int[] lengths(Histories histories) {
    int[] offsets = histories.offsets();
    return IntStream.range(0, histories.count()).map(h -> offsets[h + 1] - offsets[h]).toArray();
  }

  private static IntTensor ints(Scope scope, int[] values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }

  @ParameterizedTest
  @CsvSource({"0, 16, 4", "1, 16, 4", "0, 1, 1", "0, 15, 5", "0, 48, 8"})
  void staysWithinItsRegisters(int popular, int capsules, int interests) {
    CompiledKernel.staysWithin(
        "batch_sampling",
        Map.of("POPULAR", popular, "CAPSULES", capsules, "INTERESTS", interests),
        Map.of(
            "batch_sampling_draw",
            64,
            "batch_sampling_training_logits",
            64,
            "batch_sampling_scoring_logits",
            64,
            "batch_sampling_zero_logits",
            40,
            "batch_sampling_correct",
            40));
  }
}
