package io.mgnm.bench;

import io.mgnm.bench.peer.Padded;
import io.mgnm.bench.peer.Start;
import io.mgnm.bench.peer.TorchScore;
import io.mgnm.bench.peer.TorchStep;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.model.ModelConfig;
import io.mgnm.model.Optimizer;
import io.mgnm.model.Parameters;
import io.mgnm.model.TrainingStep;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether libtorch's step is this library's: the same parameters and batch must give the same loss,
 * gradients and scores. Two programs that share no line of code agree, so it is a check of both.
 */
final class PeerCheck {
  /**
   * Of a difference's norm to the reference's: single precision over some thousand terms gives
   * 1e-6, a term left out 1e-2.
   */
  private static final double BOUND = 2e-5;

  private PeerCheck() {}

  /**
   * Compares libtorch with a backend.
   *
   * @return the error of each part, relative to its norm
   * @throws IllegalStateException where one is above the bound
   */
  static Map<String, Double> check(String backend, Case what) {
    Map<String, Double> errors = new LinkedHashMap<>();
    try (Backend opened = Backends.open(backend, new BackendOptions(1));
        Scope scope = opened.scope("check")) {
      Parameters parameters = Values.parameters(scope, what);
      Start start = Values.start(parameters);
      Draws draw = Draws.first(opened, what, 1).getFirst();
      step(opened, scope, what, parameters, start, draw, errors);
      scores(opened, what, errors);
    }
    errors.forEach(
        (part, error) -> {
          if (!(error <= BOUND)) {
            throw new IllegalStateException(
                "%s: %s: libtorch differs from %s by %.2g of its norm"
                    .formatted(what.name(), part, backend, error));
          }
        });
    return errors;
  }

  private static void step(
      Backend backend,
      Scope scope,
      Case what,
      Parameters parameters,
      Start start,
      Draws draw,
      Map<String, Double> errors) {
    // With β1 = 0 and no L2 the first moment after a step is its gradient.
    Settings settings = what.settings().with(Key.BETA1, 0.0).with(Key.L2_WEIGHT, 0.0);
    ModelConfig config = ModelConfig.of(settings);
    Optimizer optimizer = Optimizer.allocate(scope, parameters);
    StepState state = scope.stepState();
    state.set(0, 0);
    try (TrainingStep step =
        new TrainingStep(
            backend, settings, parameters, optimizer, what.events().upload(scope), state)) {
      step.run();
    }
    Padded padded = draw.padded(config);
    TorchStep.Gradients torch;
    try (TorchStep peer = new TorchStep(settings, start, List.of(padded))) {
      torch = peer.gradients(0);
    }
    double loss = state.read().loss();
    errors.put("loss", Math.abs(torch.loss() - loss) / Math.abs(loss));
    float[] weights = optimizer.weightM().download();
    parameters
        .layout()
        .parts()
        .forEach(
            part ->
                errors.put(
                    "gradient of " + part.name(),
                    error(weights, torch.weights(), part.offset(), part.offset() + part.size())));
    errors.put("gradient of items", error(optimizer.itemM(), padded.rows(), torch.items()));
    errors.put("gradient of users", error(optimizer.userM(), padded.userRows(), torch.users()));
  }

  private static void scores(Backend backend, Case what, Map<String, Double> errors) {
    try (ScoreWorkload ours = new ScoreWorkload(backend, what);
        TorchScore torch = ours.peer(backend)) {
      ours.run();
      float[] expected = ours.scores();
      errors.put("scores", error(expected, torch.run(), 0, expected.length));
    }
  }

  /** Compares a table's moments with libtorch's, which are of the given rows; others must be 0. */
  private static double error(Tensor moments, long[] rows, float[] came) {
    float[] expected = moments.download();
    int d = moments.width();
    float[] all = new float[expected.length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(came, i * d, all, (int) rows[i] * d, d);
    }
    return error(expected, all, 0, all.length);
  }

  private static double error(float[] expected, float[] came, int from, int to) {
    double difference = 0;
    double norm = 0;
    for (int i = from; i < to; i++) {
      difference += ((double) came[i] - expected[i]) * ((double) came[i] - expected[i]);
      norm += (double) expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }
}
