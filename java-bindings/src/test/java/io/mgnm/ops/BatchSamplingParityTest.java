package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.BatchSampling.Options;
import io.mgnm.ops.BatchSampling.Samples;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BatchSamplingParityTest {

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("batch_sampling");
  }

  /** Simulated, and so slow: fewer sizes. */
  private static boolean simulated(Backend backend) {
    return backend.name().equals("cuda");
  }

  /** Users with 2 to 40 events of a catalogue; every event but a user's first is a target. */
  private record Data(
      int[] events, int[] userOffsets, int[] sampleUsers, int[] sampleEvents, int items) {

    static Data random(int users, int items, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      int[] offsets = new int[users + 1];
      for (int u = 0; u < users; u++) {
        offsets[u + 1] = offsets[u] + 2 + random.nextInt(39);
      }
      int[] events = random.ints(offsets[users], 0, items).toArray();
      int[] sampleUsers = new int[events.length - users];
      int[] sampleEvents = new int[events.length - users];
      int n = 0;
      for (int u = 0; u < users; u++) {
        for (int e = offsets[u] + 1; e < offsets[u + 1]; e++) {
          sampleUsers[n] = u;
          sampleEvents[n++] = e;
        }
      }
      return new Data(events, offsets, sampleUsers, sampleEvents, items);
    }

    int n() {
      return sampleUsers.length;
    }

    Samples upload(Scope scope, int[] catalogue, int[] weights) {
      return new Samples(
          ints(scope, events),
          ints(scope, userOffsets),
          ints(scope, sampleUsers),
          ints(scope, sampleEvents),
          ints(scope, catalogue),
          ints(scope, weights),
          scope.floats(0, 1));
    }

    int[] wholeCatalogue() {
      return IntStream.range(0, items).toArray();
    }
  }

  private static IntTensor ints(Scope scope, int[] values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }

  private static Batch batch(Scope scope, int histories, int maxLength, int candidates) {
    return scope.batch(
        new BatchShape(histories, histories * maxLength, maxLength, candidates, 4, 2, 3));
  }

  private static Backend reference() {
    return new ReferenceBackend(Precision.DOUBLE);
  }

  private static void assertSame(Histories came, Histories expected, String what) {
    assertThat(came.samples()).as(what).containsExactly(expected.samples());
    assertThat(came.users()).as(what).containsExactly(expected.users());
    assertThat(came.offsets()).as(what).containsExactly(expected.offsets());
    assertThat(came.items()).as(what).containsExactly(expected.items());
    assertThat(came.candidates()).as(what).containsExactly(expected.candidates());
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void integersAreThoseOfTheReference(Backend backend) {
    Data data = Data.random(60, 50, 1);
    int[] part = IntStream.range(0, 20).map(i -> i * 2 + 1).toArray();
    int[] whole = data.wholeCatalogue();
    int[] wholeWeights = Samples.thresholds(IntStream.of(whole).mapToDouble(i -> i % 7).toArray());
    int[] partWeights = Samples.thresholds(IntStream.of(part).mapToDouble(i -> 1 + i).toArray());
    try (backend) {
      boolean few = simulated(backend);
      for (long seed : few ? new long[] {-1} : new long[] {0, 42, -1}) {
        for (int histories : few ? new int[] {1, 300} : new int[] {1, 17, 256, 5000}) {
          for (int maxLength : few ? new int[] {1, 17} : new int[] {1, 10, 100}) {
            int candidates = 1 + (histories + maxLength) % 7;
            compare(
                backend,
                data,
                new Options(seed, false),
                whole,
                new int[0],
                histories,
                maxLength,
                candidates);
            compare(
                backend,
                data,
                new Options(seed, true),
                whole,
                wholeWeights,
                histories,
                maxLength,
                candidates);
            compare(
                backend,
                data,
                new Options(seed, true),
                part,
                partWeights,
                histories,
                maxLength,
                candidates);
          }
        }
      }
    }
  }

  private static void compare(
      Backend backend,
      Data data,
      Options options,
      int[] catalogue,
      int[] weights,
      int histories,
      int maxLength,
      int candidates) {
    try (Scope scope = backend.scope("test");
        Scope truth = reference().scope("truth")) {
      Batch batch = batch(scope, histories, maxLength, candidates);
      Batch expected = batch(truth, histories, maxLength, candidates);
      StepState state = scope.stepState();
      StepState expectedState = truth.stepState();
      Samples samples = data.upload(scope, catalogue, weights);
      Samples expectedSamples = data.upload(truth, catalogue, weights);
      long batches = Math.ceilDiv(data.n(), histories);
      // The first steps, the end of an epoch and the next one's begin, and a late step.
      for (long first : new long[] {0, batches - 1, (1L << 32) * 3 + 5}) {
        state.set(first, 0.1);
        expectedState.set(first, 0.1);
        for (int step = 0; step < 2; step++) {
          backend.batchSampling(options).draw(samples, state, batch);
          reference().batchSampling(options).draw(expectedSamples, expectedState, expected);
          assertSame(
              batch.download(),
              expected.download(),
              "%s, %d histories, step %d".formatted(options, histories, first + step));
        }
        assertThat(state.read().stepsDone()).isEqualTo(first + 2);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void anEpochHasEverySampleOnceWithItsHistoryAndTarget(Backend backend) {
    Data data = Data.random(40, 300, 2);
    try (backend;
        Scope scope = backend.scope("test")) {
      int maxLength = 12;
      int b = 64;
      Batch batch = batch(scope, b, maxLength, 4);
      StepState state = scope.stepState();
      Samples samples = data.upload(scope, data.wholeCatalogue(), new int[0]);
      BatchSampling sampling = backend.batchSampling(new Options(9, false));
      assertThat(data.n() % 64).as("the last batch must be partial").isNotZero();
      try (Sequence step = backend.record("draw", () -> sampling.draw(samples, state, batch))) {
        int[] previous = new int[0];
        for (int epoch = 0; epoch < 3; epoch++) {
          int[] order = new int[0];
          while (order.length < data.n()) {
            step.run();
            Histories drawn = batch.download();
            assertThat(drawn.count()).isEqualTo(Math.min(64, data.n() - order.length));
            checkHistories(data, drawn, maxLength, 4);
            order =
                IntStream.concat(Arrays.stream(order), Arrays.stream(drawn.samples())).toArray();
          }
          assertThat(order).containsExactlyInAnyOrder(IntStream.range(0, data.n()).toArray());
          assertThat(order).isNotEqualTo(previous);
          previous = order;
        }
      }
    }
  }

  private static void checkHistories(Data data, Histories drawn, int maxLength, int candidates) {
    for (int b = 0; b < drawn.count(); b++) {
      int sample = drawn.samples()[b];
      int user = data.sampleUsers()[sample];
      int event = data.sampleEvents()[sample];
      int from = Math.max(data.userOffsets()[user], event - maxLength);
      int[] items = Arrays.copyOfRange(drawn.items(), drawn.offsets()[b], drawn.offsets()[b + 1]);
      assertThat(drawn.users()[b]).isEqualTo(user);
      assertThat(items).containsExactly(Arrays.copyOfRange(data.events(), from, event));
      int target = drawn.candidates()[b * candidates];
      assertThat(target).isEqualTo(data.events()[event]);
      for (int j = 1; j < candidates; j++) {
        int negative = drawn.candidates()[b * candidates + j];
        assertThat(negative).isNotEqualTo(target);
        assertThat(items).doesNotContain(negative);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void whereNoNegativeExistsTheLastAttemptIsKept(Backend backend) {
    Data data = Data.random(5, 1, 3);
    try (backend;
        Scope scope = backend.scope("test")) {
      Batch batch = batch(scope, 32, 10, 3);
      Samples samples = data.upload(scope, new int[] {0}, new int[0]);
      backend.batchSampling(new Options(1, false)).draw(samples, scope.stepState(), batch);
      assertThat(batch.download().candidates()).hasSize(32 * 3).containsOnly(0);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void negativesFollowTheirWeights(Backend backend) {
    // One user whose only target is item 0 with item 1 before it: negatives are items 2 to 9.
    int steps = simulated(backend) ? 20 : 300;
    double[] popularity = {5, 5, 1, 2, 3, 4, 0, 6, 7, 8};
    Data data = new Data(new int[] {1, 0}, new int[] {0, 2}, new int[] {0}, new int[] {1}, 10);
    try (backend) {
      for (boolean weighted : new boolean[] {false, true}) {
        long[] counts = new long[10];
        try (Scope scope = backend.scope("test")) {
          Batch batch = batch(scope, 1, 5, 101);
          int[] weights = weighted ? Samples.thresholds(popularity) : new int[0];
          Samples samples = data.upload(scope, data.wholeCatalogue(), weights);
          StepState state = scope.stepState();
          BatchSampling sampling = backend.batchSampling(new Options(77, weighted));
          for (int step = 0; step < steps; step++) {
            sampling.draw(samples, state, batch);
            for (int negative : Arrays.copyOfRange(batch.download().candidates(), 1, 101)) {
              counts[negative]++;
            }
          }
        }
        assertThat(counts[0] + counts[1]).isZero();
        if (weighted) {
          assertThat(counts[6]).isZero();
          counts[6] = counts[9]; // out of the comparison, as its weight is 0
          double[] expected = new double[7];
          double total = 1 + 2 + 3 + 4 + 6 + 7 + 8;
          for (int i = 0; i < 7; i++) {
            expected[i] = 100.0 * steps * popularity[i == 4 ? 9 : i + 2] / total;
          }
          ChiSquare.check("weighted", Arrays.copyOfRange(counts, 2, 9), expected);
        } else {
          ChiSquare.checkUniform("uniform", Arrays.copyOfRange(counts, 2, 10));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void logitsAgreeWithTheReference(Backend backend) {
    try (backend) {
      int[][] lengths = {
        {}, {1}, {2, 1}, {15, 16, 17}, {31, 32, 33, 1, 100}, {63, 64, 65}, {97, 100, 200, 3}, {1000}
      };
      if (simulated(backend)) {
        lengths = new int[][] {{}, {1}, {15, 16, 17}, {33, 1, 100}, {65}, {200, 3}};
      }
      int[][] levelsAndInterests = {{1, 1}, {1, 3}, {2, 4}, {4, 4}, {3, 5}, {6, 8}, {4, 8}};
      if (simulated(backend)) {
        levelsAndInterests = new int[][] {{1, 1}, {4, 4}, {3, 5}, {6, 8}};
      }
      for (int[] length : lengths) {
        for (int[] sizes : levelsAndInterests) {
          Parity.check(
              "batch_sampling logits %s, %s".formatted(Arrays.toString(length), sizes[0]),
              backend,
              length.length,
              subject -> logits(subject, length, sizes[0], sizes[1]));
        }
      }
    }
  }

  private static void logits(Subject subject, int[] lengths, int levels, int interests) {
    Batch batch = subject.batch(lengths, 2, 8, levels, interests);
    StepState state = subject.scope().stepState();
    state.set(12, 0.1);
    for (double recency : new double[] {0, 0.3}) {
      BatchSampling sampling =
          subject.backend().batchSampling(new Options(3L << 40 | 5, false, recency));
      Tensor training = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      Tensor scoring = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      Tensor zero = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      sampling.trainingLogits(state, batch, subject.output("training " + recency, training));
      sampling.scoringLogits(batch, subject.output("scoring " + recency, scoring));
      sampling.zeroLogits(batch, subject.output("zero " + recency, zero));
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void scoringLogitsDependOnThePositionFromTheEndOnly(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Batch batch = subject.batch(new int[] {5, 9}, 0, 8, 2, 3);
      Tensor logits = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      backend.batchSampling(new Options(4, false)).scoringLogits(batch, logits);
      float[] values = logits.download();
      assertThat(Arrays.copyOfRange(values, 0, 5 * 6))
          .containsExactly(Arrays.copyOfRange(values, (5 + 4) * 6, (5 + 9) * 6));
      Tensor training = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      StepState state = subject.scope().stepState();
      state.set(1, 0.1);
      backend.batchSampling(new Options(4, false)).trainingLogits(state, batch, training);
      float[] first = training.download();
      assertThat(first).doesNotContain(values);
      assertThat(Arrays.copyOfRange(first, 0, 5 * 6))
          .doesNotContain(Arrays.copyOfRange(first, (5 + 4) * 6, (5 + 9) * 6));
      state.set(2, 0.1);
      backend.batchSampling(new Options(4, false)).trainingLogits(state, batch, training);
      assertThat(training.download()).doesNotContain(first);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void recencyLowersEachInterestHalfAsMuchAsTheOneBefore(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      int interests = 3;
      Batch batch = subject.batch(new int[] {5, 1, 40}, 0, 8, 2, interests);
      Tensor logits = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      backend.batchSampling(new Options(4, false, 0.5)).zeroLogits(batch, logits);
      float[] values = logits.download();
      int[] lengths = {5, 1, 40};
      int i = 0;
      for (int length : lengths) {
        for (int fromEnd = length - 1; fromEnd >= 0; fromEnd--) {
          for (int capsule = 0; capsule < 2 * interests; capsule++) {
            float expected = -0.5f * fromEnd / (1 << capsule % interests);
            assertThat(values[i++] + 0f).isEqualTo(expected + 0f);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void correctedScoresAgreeWithTheReference(Backend backend) {
    try (backend) {
      boolean few = simulated(backend);
      int seed = 0;
      for (int histories : few ? new int[] {0, 1, 17} : new int[] {0, 1, 2, 17, 65, 1500}) {
        for (int candidates : few ? new int[] {1, 6, 17, 101} : new int[] {1, 2, 6, 17, 33, 101}) {
          for (int scores : new int[] {1, 4, 6}) {
            Parity.check(
                "batch_sampling correct %d x %d x %d".formatted(histories, candidates, scores),
                backend,
                seed++,
                subject -> corrected(subject, histories, candidates, scores));
          }
        }
      }
    }
  }

  private static void corrected(Subject subject, int histories, int candidates, int scores) {
    int[] lengths = new int[histories];
    Arrays.setAll(lengths, b -> 1 + b % 5);
    Batch batch = subject.batch(lengths, candidates, 4, 2, 2);
    Tensor logQ = subject.input(subject.scope().floats(57, 1), 3).slice(7, 50, 1);
    Tensor y = batch.tensor(Axis.CANDIDATES, scores, Lifetime.KEPT);
    subject.output("y", y);
    subject.input(y, 2);
    BatchSampling sampling = subject.backend().batchSampling(new Options(1, true));
    try (Sequence sequence =
        subject.backend().record("correct", () -> sampling.correct(batch, logQ, y))) {
      sequence.run();
    }
  }

  /** Importance sampling: the mean of e^(y − log q) is the sum of e^y over what can be drawn. */
  @Test
  void correctedScoresEstimateTheSumOverAllItems() {
    double[] popularity = {5, 5, 1, 2, 3, 4, 0, 6, 7, 8}; // 6 is never drawn
    double total = Arrays.stream(popularity).sum();
    int[] weights = Samples.thresholds(popularity);
    Data data = new Data(new int[] {1, 0}, new int[] {0, 2}, new int[] {0}, new int[] {1}, 10);
    try (Backend backend = Backends.open("cpu", new BackendOptions(1));
        Scope scope = backend.scope("test")) {
      int negatives = 100_000; // the mean's deviation is half a hundredth of it
      Batch batch = batch(scope, 1, 5, 1 + negatives);
      BatchSampling sampling = backend.batchSampling(new Options(3, true));
      sampling.draw(data.upload(scope, data.wholeCatalogue(), weights), scope.stepState(), batch);
      Tensor logQ = scope.floats(10, 1);
      logQ.upload(Samples.logProbabilities(10, data.wholeCatalogue(), weights));
      int[] drawn = batch.download().candidates();
      Tensor y = batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT);
      float[] scores = new float[drawn.length];
      for (int c = 0; c < drawn.length; c++) {
        scores[c] = score(drawn[c]);
      }
      y.upload(scores);
      sampling.correct(batch, logQ, y);
      double sum = 0;
      float[] corrected = y.download();
      for (int c = 1; c <= negatives; c++) {
        sum += Math.exp(corrected[c]) / negatives;
      }
      double expected = 0; // without the target 0 and the seen 1, which are drawn again
      for (int item = 2; item < 10; item++) {
        expected += item == 6 ? 0 : Math.exp(score(item)) / (1 - 10 / total);
      }
      assertThat(sum / expected).isBetween(0.98, 1.02);
    }
  }

  private static float score(int item) {
    return item % 4 - 1.5f;
  }

  @Test
  void logitsAreATruncatedNormal() {
    // Bins of equal width: the standard normal's mass in each, given |x| < 2.
    int bins = 16;
    double[] mass = new double[bins];
    for (int i = 0; i < bins; i++) {
      for (int j = 0; j < 1000; j++) { // midpoint rule
        double x = -2 + 4 * (i + (j + 0.5) / 1000) / bins;
        mass[i] += Math.exp(-x * x / 2);
      }
    }
    double total = Arrays.stream(mass).sum();
    try (Backend backend = Backends.open("cpu", new BackendOptions(1));
        Subject subject = new Subject(backend, 5)) {
      Batch batch = subject.batch(new int[] {1000, 1000, 500}, 0, 8, 4, 4);
      Tensor logits = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      StepState state = subject.scope().stepState();
      state.set(1, 0.1);
      backend.batchSampling(new Options(8, false)).trainingLogits(state, batch, logits);
      long[] counts = new long[bins];
      for (float x : logits.download()) {
        counts[Math.clamp((int) ((x + 2) / 4 * bins), 0, bins - 1)]++;
      }
      double n = logits.size();
      ChiSquare.check("logits", counts, Arrays.stream(mass).map(m -> m / total * n).toArray());
    }
  }

  @Test
  void aRecordedStepHasTheSameBitsOnAnyNumberOfThreads() {
    Data data = Data.random(50, 400, 6);
    float[] alone = null;
    Histories drawn = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (Backend backend = Backends.open("cpu", new BackendOptions(threads));
          Scope scope = backend.scope("test")) {
        Batch batch = batch(scope, 100, 30, 6);
        StepState state = scope.stepState();
        Samples samples = data.upload(scope, data.wholeCatalogue(), new int[0]);
        Tensor logits = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
        BatchSampling sampling = backend.batchSampling(new Options(2, false));
        Runnable operations =
            () -> {
              sampling.draw(samples, state, batch);
              sampling.trainingLogits(state, batch, logits);
            };
        if (threads == 1) {
          operations.run();
          operations.run();
        } else {
          try (Sequence sequence = backend.record("step", operations)) {
            sequence.run();
            sequence.run();
          }
        }
        if (threads == 1) {
          alone = logits.download();
          drawn = batch.download();
        }
        assertThat(logits.download()).containsExactly(alone);
        assertSame(batch.download(), drawn, threads + " threads");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesWhatCannotBeDrawn(Backend backend) {
    Data data = Data.random(5, 10, 1);
    try (backend;
        Scope scope = backend.scope("test")) {
      StepState state = scope.stepState();
      BatchSampling uniform = backend.batchSampling(new Options(1, false));
      BatchSampling popular = backend.batchSampling(new Options(1, true));
      Samples samples = data.upload(scope, data.wholeCatalogue(), new int[0]);
      assertThatThrownBy(() -> popular.draw(samples, state, batch(scope, 4, 10, 2)))
          .hasMessage("batch_sampling.draw: weights beside the catalogue: expected 10, got 0");
      assertThatThrownBy(() -> uniform.draw(samples, state, batch(scope, 4, 10, 0)))
          .hasMessage("batch_sampling.draw: candidates: expected at least 1, got 0");
      Batch small = scope.batch(new BatchShape(4, 39, 10, 2, 4, 2, 3));
      assertThatThrownBy(() -> uniform.draw(samples, state, small))
          .hasMessage("batch_sampling.draw: capacity for items: expected at least 40, got 39");
      Samples none = data.upload(scope, new int[0], new int[0]);
      assertThatThrownBy(() -> uniform.draw(none, state, batch(scope, 4, 10, 2)))
          .hasMessage("batch_sampling.draw: catalogue: expected at least 1, got 0");
      Batch batch = batch(scope, 4, 10, 2);
      assertThatThrownBy(
              () -> uniform.scoringLogits(batch, batch.capsules(Axis.ITEMS, 2, Lifetime.KEPT)))
          .hasMessage(
              "batch_sampling.scoringLogits: logits: expected items x capsules x 1, "
                  + "got items x capsules x 2");
      assertThat(state.read().stepsDone()).isZero();
      Tensor scores = batch.tensor(Axis.CANDIDATES, 3, Lifetime.KEPT);
      assertThatThrownBy(() -> uniform.correct(batch, samples.logQ(), scores))
          .hasMessage("batch_sampling.correct: rows of logQ: expected at least 1, got 0");
      assertThatThrownBy(() -> uniform.correct(batch, scope.floats(10, 2), scores))
          .hasMessage("batch_sampling.correct: logQ: expected fixed rows x 1, got fixed 10 x 2");
      Tensor rows = batch.tensor(Axis.ITEMS, 3, Lifetime.KEPT);
      assertThatThrownBy(() -> uniform.correct(batch, scope.floats(10, 1), rows))
          .hasMessage("batch_sampling.correct: scores: expected candidates x 3, got items x 3");
    }
  }

  @Test
  void probabilitiesAreThoseOfTheDraws() {
    int[] catalogue = {3, 0, 4, 1};
    int[] weights = Samples.thresholds(new double[] {1, 2, 0, 5});
    float rare = (float) Math.log(0.125); // of 4 and 2 too, which are never drawn
    float[] expected = {(float) Math.log(0.25), (float) Math.log(0.625), rare, rare, rare};
    assertThat(Samples.logProbabilities(5, catalogue, weights))
        .containsExactly(expected, within(1e-6f));
    assertThat(Samples.logProbabilities(5, catalogue, new int[0]))
        .containsOnly((float) StrictMath.log(0.25));
    // The last threshold stands for 2³² whatever it says, and half of the words are negative ints.
    assertThat(Samples.logProbabilities(2, new int[] {0, 1}, new int[] {0xC0000000, 0}))
        .containsExactly(
            new float[] {(float) Math.log(0.75), (float) Math.log(0.25)}, within(1e-6f));
  }

  @Test
  void thresholdsRefuseWhatIsNoWeight() {
    assertThatThrownBy(() -> Samples.thresholds(new double[] {0, 0}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Samples.thresholds(new double[] {1, Double.NaN}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Samples.thresholds(new double[] {2, -1}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Samples.thresholds(new double[] {1, 1, 2})).startsWith(0x40000000, 0x80000000);
  }
}
