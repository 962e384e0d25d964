package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code recent_items}. Beside it, the items' weights are a matrix that is there already. */
final class RecentItemsScene implements Scene {
  private static final int B = Stage.HISTORIES;
  private static final int N = Stage.ITEMS;
  private static final int S = Stage.CAPSULES;
  private static final int D = Stage.D;
  private static final RecentItems.Options OPTIONS = new RecentItems.Options(1.5);

  @Override
  public String stem() {
    return "recent_items";
  }

  @Override
  public List<Act> acts(Stage stage) {
    Tensor x = stage.input(Axis.ITEMS, D, 1);
    Tensor o = stage.inputCapsules(Axis.HISTORIES, D, 1);
    Tensor dO = stage.inputCapsules(Axis.HISTORIES, D, 1);
    Tensor dX = stage.input(Axis.ITEMS, D, 1);
    RecentItems recent = stage.backend().recentItems(OPTIONS);
    Array weights = stage.eager().of(weights(), 1, N);
    Array items = stage.array(x, B, 1, N, D);
    Array outputs = stage.array(o, B, 1, S, D);
    Array outputGradients = stage.array(dO, B, 1, S, D);
    Array itemGradients = stage.array(dX, B, 1, N, D);
    return List.of(
        new Act(
            "forward",
            () -> recent.forward(stage.batch(), x, o),
            List.of(x, o),
            List.of(),
            List.of(o),
            () -> List.of(outputs.plus(weights.matmul(items)).download())),
        new Act(
            "backward",
            () -> recent.backward(stage.batch(), dO, dX),
            List.of(dO, dX),
            List.of(),
            List.of(dX),
            () -> {
              Array sums = outputGradients.sum(2);
              return List.of(itemGradients.plus(weights.transposed().matmul(sums)).download());
            }));
  }

  /** w a_t. */
  private static float[] weights() {
    double harmonic = 0;
    for (int i = 1; i <= N; i++) {
      harmonic += 1.0 / i;
    }
    float[] weights = new float[N];
    for (int t = 0; t < N; t++) {
      weights[t] = (float) (OPTIONS.weight() / ((N - t) * harmonic));
    }
    return weights;
  }
}
