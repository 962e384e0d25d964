package io.mgnm.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole model's backward is the derivative of its loss, by every parameter. */
class NetworkGradientTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-6;
  private static final int MOST = 40;
  private static final int ITEMS = 9;
  private static final int USERS = 4;

  static Stream<Settings> models() {
    Settings small =
        Settings.of(Preset.DEFAULT)
            .with(Key.D, 4)
            .with(Key.INTERESTS, 3)
            .with(Key.LAYERS, 2)
            .with(Key.TRUNCATION, 6)
            .with(Key.NEGATIVES, 2)
            .with(Key.L1_WEIGHT, 0.01);
    Settings released =
        Settings.of(Preset.RELEASED_LIKE)
            .with(Key.D, 4)
            .with(Key.INTERESTS, 3)
            .with(Key.LAYERS, 2)
            .with(Key.TRUNCATION, 6)
            .with(Key.NEGATIVES, 2)
            .with(Key.L1_WEIGHT, 0.01);
    return Stream.of(
        small,
        released,
        small.with("readout=joint"),
        small.with("loss=softmax"),
        small.with("dropout=0.3"),
        small.with("recent.weight=1.5"),
        small.with("recent.weight=0.5").with("dropout=0.3"),
        small.with("encoder=transformer"),
        small.with("encoder=bilstm-projected").with("model.d=3"),
        small.with("encoder=none"),
        small.with("encoder=none").with("routing.iterations=1"),
        small.with("routing.softmax=interests").with("routing.iterations=4"),
        small.with("graph.normalisation=kipf").with("graph.input=first"),
        small.with("model.layers=0"),
        small.with("model.interests=1").with("routing.iterations=2"));
  }

  @ParameterizedTest
  @MethodSource("models")
  void backwardIsTheDerivativeOfTheLoss(Settings settings) {
    ModelConfig config = ModelConfig.of(settings);
    SplittableRandom random = new SplittableRandom(11);
    try (Backend backend = new ReferenceBackend(Precision.DOUBLE);
        Scope scope = backend.scope("test")) {
      Parameters p = Parameters.allocate(scope, config, ITEMS, USERS);
      fill(p.items(), random, 0.7);
      fill(p.users(), random, 0.7);
      fill(p.weights(), random, 0.5);
      Batch batch = scope.batch(config.batch(3, 3));
      batch.upload(
          new Histories(
              new int[] {5, 6, 7},
              new int[] {0, 3, 0},
              new int[] {0, 1, 6, 9},
              new int[] {2, 0, 1, 1, 5, 8, 7, 2, 4},
              new int[] {3, 2, 8, 6, 0, 7, 1, 1, 5}));
      StepState state = scope.stepState();
      state.set(4, 0.1);
      Network.Dropping dropping = Network.Dropping.of(backend, settings, state);
      Network network = new Network(backend, config, p, batch, dropping, Lifetime.KEPT);
      fill(network.logits(), random, 1);
      Tensor dWeights = scope.floats(1, p.layout().size());
      Network.Gradients gradients = network.new Gradients(config, dWeights);
      Tensor loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      Tensor dScores = batch.tensor(Axis.CANDIDATES, config.scores(), Lifetime.KEPT);
      RankingLoss ranking =
          backend.rankingLoss(
              new RankingLoss.Options(
                  config.scores(), settings.constant(Key.LOSS, RankingLoss.Form.class)));
      DoubleSupplier total =
          () -> {
            network.forward();
            ranking.forward(batch, network.scores(), loss, dScores);
            return sum(loss) + config.graph().l1() * sum(network.l1());
          };
      var _ = total.getAsDouble();
      network.backward(dScores, gradients);
      RowGradients itemRows = scope.rowGradients(ITEMS, config.d());
      RowGradients userRows = scope.rowGradients(USERS, config.d());
      backend.embeddingGradient().items(batch, gradients.dX, gradients.dE, itemRows);
      backend.embeddingGradient().users(batch, gradients.dU, userRows);

      check("weights", p.weights(), ReferenceBackend.values(dWeights), total);
      check("items", p.items(), spread(itemRows, p.items()), total);
      check("users", p.users(), spread(userRows, p.users()), total);
    }
  }

  private static void check(String name, Tensor tensor, double[] analytic, DoubleSupplier loss) {
    double[] values = ReferenceBackend.values(tensor);
    int stride = Math.max(1, values.length / MOST);
    for (int i = 0; i < values.length; i += stride) {
      double[] moved = values.clone();
      moved[i] = values[i] + STEP;
      ReferenceBackend.setValues(tensor, moved);
      double above = loss.getAsDouble();
      moved[i] = values[i] - STEP;
      ReferenceBackend.setValues(tensor, moved);
      double numeric = (above - loss.getAsDouble()) / (2 * STEP);
      // Gradients of rows are read as floats, so compare to float's accuracy.
      double bound = TOLERANCE * (1 + Math.abs(numeric));
      assertThat(Math.abs(numeric - analytic[i]))
          .as("%s[%d]: %s by differences, %s by backward", name, i, numeric, analytic[i])
          .isLessThanOrEqualTo(bound);
    }
    ReferenceBackend.setValues(tensor, values);
  }

  private static double[] spread(RowGradients gradients, Tensor table) {
    double[] all = new double[table.size()];
    int[] rows = gradients.downloadRows();
    float[] sums = gradients.downloadGradients();
    for (int r = 0; r < rows.length; r++) {
      for (int k = 0; k < table.width(); k++) {
        all[rows[r] * table.width() + k] = sums[r * table.width() + k];
      }
    }
    return all;
  }

  private static void fill(Tensor tensor, SplittableRandom random, double scale) {
    double[] values = new double[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextGaussian() * scale;
    }
    ReferenceBackend.setValues(tensor, values);
  }

  private static double sum(Tensor tensor) {
    double sum = 0;
    for (double value : ReferenceBackend.values(tensor)) {
      sum += value;
    }
    return sum;
  }
}
