package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.GradientCheck.Weighted;
import io.mgnm.ops.GraphConvolution.Input;
import io.mgnm.ops.GraphConvolution.Normalisation;
import io.mgnm.ops.GraphConvolution.Options;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GraphConvolutionParityTest {

  static List<Options> everyOption() {
    List<Options> all = new ArrayList<>();
    for (Normalisation normalisation : Normalisation.values()) {
      for (Input input : Input.values()) {
        all.add(new Options(normalisation, true, input, 0.2f, 0.5f));
        all.add(new Options(normalisation, false, input, 0, 0));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("everyOption")
  void referenceBackwardIsTheDerivative(Options options) {
    for (int layers : new int[] {0, 1, 2, 4}) {
      try (GradientCheck check = new GradientCheck(32)) {
        Subject subject = check.subject();
        Batch batch = subject.batch(new int[] {3, 1, 5}, 0, 4, layers + 1, 2);
        Tensor x = subject.input(rows(batch, Axis.ITEMS, 4), 1);
        Tensor u = subject.input(rows(batch, Axis.HISTORIES, 4), 1);
        Tensor w = subject.input(subject.scope().floats(4, 4), 0.7);
        Tensor levels = rows(batch, Axis.ITEMS, 4 * (layers + 1));
        Tensor l1 = rows(batch, Axis.HISTORIES, 1);
        Tensor dLevels = rows(batch, Axis.ITEMS, 4 * (layers + 1));
        Tensor dX = rows(batch, Axis.ITEMS, 4);
        Tensor dU = rows(batch, Axis.HISTORIES, 4);
        Tensor dW = subject.scope().floats(4, 4);
        GraphConvolution graph = check.backend().graphConvolution(options);
        graph.forward(batch, x, u, w, levels, l1);
        requireClearOfKinks(levels.download(), options.slope());
        check.verify(
            () -> graph.forward(batch, x, u, w, levels, l1),
            List.of(new Pair("levels", levels, dLevels)),
            List.of(new Weighted(l1, options.l1())),
            () -> graph.backward(batch, x, u, w, levels, dLevels, dX, dU, dW),
            List.of(new Pair("x", x, dX), new Pair("u", u, dU), new Pair("w", w, dW)));
      }
    }
  }

  private static void requireClearOfKinks(float[] levels, float slope) {
    for (float value : levels) {
      float y = value > 0 ? value : value / slope; // without a slope, 0 says nothing
      assertThat(Math.abs(y)).matches(magnitude -> !(magnitude < 1e-3f), "away from the kink");
    }
  }

  private static Tensor rows(Batch batch, Axis axis, int width) {
    return batch.tensor(axis, width, Lifetime.KEPT);
  }
}
