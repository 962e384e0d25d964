package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.List;

/**
 * {@code dropout}. No operators beside it: a counter-based generator is no arithmetic of arrays.
 */
final class DropoutScene implements Scene {
  private static final Dropout.Options OPTIONS = new Dropout.Options(5, 0.25);

  @Override
  public String stem() {
    return "dropout";
  }

  @Override
  public List<Act> acts(Stage stage) {
    StepState state = stage.scope().stepState();
    state.set(1, 1e-3);
    Tensor x = stage.input(Axis.ITEMS, Stage.D, 1);
    Dropout dropout = stage.backend().dropout(OPTIONS);
    return List.of(
        new Act(
            "apply",
            () -> dropout.apply(state, stage.batch(), x),
            List.of(x),
            List.of(),
            List.of(x),
            null));
  }
}
