package io.mgnm.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import io.mgnm.train.TestRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole recorded steps on a backend do what they do on the reference. */
class TrainingStepParityTest {
  static final int STEPS = 20;
  private static final int ITEMS = 60;
  private static final int USERS = 30;

  /** Candidates' scores are corrected by how likely they are drawn. */
  static final String CORRECTED =
      "loss=softmax negatives.distribution=popularity negatives.correction=logq";

  /** Another order of sums, before it grows from step to step as the naive error does. */
  private static final double FLOOR = 0x1p-20;

  /**
   * What steps came to.
   *
   * @param parameters at the end: items, users and weights
   */
  record Run(List<Double> losses, List<Histories> batches, List<float[]> parameters) {}

  /** Something to do with a step that is ready to run. */
  interface Use {
    void with(TrainingStep step, StepState state, Parameters parameters);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.interests=3",
        "encoder=transformer",
        "encoder=none",
        "routing.encoded=agreement",
        "routing.init=zeros",
        "readout=joint",
        "loss=softmax",
        "dropout=0.3",
        "recent.weight=1.5",
        "routing.recency=0.5",
        "embedding.update=dense",
        "negatives.count=1",
        "negatives.distribution=popularity",
        CORRECTED,
        "model.layers=0"
      })
  void lossesOfTheFirstStepsAgree(String assignments) {
    // Adam's own epsilon makes its first update the gradient's sign, which rounding may turn.
    Settings settings = TestRuns.settings(assignments).with(Key.BATCH, 16).with(Key.EPSILON, 0.1);
    compare(settings, STEPS, Backends.open("cpu", new BackendOptions(2)));
  }

  @ParameterizedTest
  @CsvSource({
    "2, loss=logistic",
    "5, loss=logistic",
    "16, loss=logistic",
    "40, loss=logistic",
    "5, " + CORRECTED
  })
  void lossesInPartsAgreeToo(int parts, String assignments) {
    Settings settings = TestRuns.settings(assignments).with(Key.BATCH, 16).with(Key.EPSILON, 0.1);
    compareInParts(
        parts,
        settings,
        STEPS,
        Backends.open("cpu", new BackendOptions(2)),
        new ReferenceBackend(Precision.SINGLE));
  }

  /** Compares the first steps of backends, which it closes, with the reference's. */
  static void compare(Settings settings, int steps, Backend... candidates) {
    compareInParts(1, settings, steps, candidates);
  }

  /** The same with batches that go through the network in parts, but for the reference's. */
  static void compareInParts(int parts, Settings settings, int steps, Backend... candidates) {
    Run truth = run(new ReferenceBackend(Precision.DOUBLE), settings, steps);
    Run naive = run(new ReferenceBackend(Precision.SINGLE), settings, steps);
    for (Backend candidate : candidates) {
      String name = candidate.name();
      Run came = run(candidate, settings, steps, parts);
      double naiveError = 0; // the largest so far: errors grow from step to step
      for (int step = 0; step < steps; step++) {
        assertThat(came.batches().get(step).items()).isEqualTo(truth.batches().get(step).items());
        assertThat(came.batches().get(step).candidates())
            .isEqualTo(truth.batches().get(step).candidates());
        double expected = truth.losses().get(step);
        naiveError = Math.max(naiveError, Math.abs(naive.losses().get(step) - expected));
        assertThat(Math.abs(came.losses().get(step) - expected))
            .as(
                "%s, error of step %d, expected %s, naive error %s",
                name, step + 1, expected, naiveError)
            .isLessThanOrEqualTo(2 * naiveError + FLOOR * expected);
      }
    }
    // And the model does something: the losses are not those of scores that are all 0.
    double zero = Math.log(2) * (1 + settings.integer(Key.NEGATIVES)) * 16;
    assertThat(truth.losses().getLast() / zero % 1).isNotCloseTo(0, offset());
    assertThat(truth.losses().getLast()).isNotEqualTo(truth.losses().getFirst());
  }

  private static org.assertj.core.data.Offset<Double> offset() {
    return org.assertj.core.data.Offset.offset(1e-6);
  }

  /** Runs steps on a backend, which it closes, and looks after each. */
  static Run run(Backend opened, Settings settings, int steps) {
    return run(opened, settings, steps, 1);
  }

  /** The same in parts. */
  static Run run(Backend opened, Settings settings, int steps, int parts) {
    Run run = new Run(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    use(
        opened,
        settings,
        parts,
        (step, state, parameters) -> {
          for (int i = 0; i < steps; i++) {
            step.run();
            run.losses().add(state.read().loss());
            run.batches().add(step.batch().download());
          }
          for (Tensor tensor :
              List.of(parameters.items(), parameters.users(), parameters.weights())) {
            run.parameters().add(tensor.download());
          }
        });
    return run;
  }

  /** Makes a step on a backend, which it closes. */
  static void use(Backend opened, Settings settings, Use use) {
    use(opened, settings, 1, use);
  }

  private static void use(Backend opened, Settings settings, int parts, Use use) {
    try (Backend backend = opened;
        Scope scope = backend.scope("test")) {
      Parameters p = Parameters.allocate(scope, ModelConfig.of(settings), ITEMS, USERS);
      SplittableRandom random = new SplittableRandom(4);
      for (Tensor tensor : List.of(p.items(), p.users(), p.weights())) {
        fill(tensor, random);
      }
      StepState state = scope.stepState();
      state.set(0, 0.05);
      try (TrainingStep step =
          new TrainingStep(
              backend, settings, p, Optimizer.allocate(scope, p), samples(scope), state, parts)) {
        use.with(step, state, p);
      }
    }
  }

  /** Histories of 1 to 25 items; 20 are fed. */
  private static BatchSampling.Samples samples(Scope scope) {
    int[] offsets = new int[USERS + 1];
    for (int user = 0; user < USERS; user++) {
      offsets[user + 1] = offsets[user] + 2 + user * 7 % 25;
    }
    SplittableRandom random = new SplittableRandom(5);
    int[] catalogue = IntStream.range(0, ITEMS).toArray();
    int[] weights =
        BatchSampling.Samples.thresholds(
            IntStream.of(catalogue).mapToDouble(item -> 1 + item % 7).toArray());
    Tensor logQ = scope.floats(ITEMS, 1);
    logQ.upload(BatchSampling.Samples.logProbabilities(ITEMS, catalogue, weights));
    return new BatchSampling.Samples(
        ints(scope, random.ints(offsets[USERS], 0, ITEMS).toArray()),
        ints(scope, offsets),
        ints(scope, IntStream.range(0, USERS).toArray()),
        ints(scope, IntStream.range(0, USERS).map(user -> offsets[user + 1] - 1).toArray()),
        ints(scope, catalogue),
        ints(scope, weights),
        logQ);
  }

  private static IntTensor ints(Scope scope, int[] values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }

  private static void fill(Tensor tensor, SplittableRandom random) {
    float[] values = new float[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * 0.4);
    }
    tensor.upload(values);
  }
}
