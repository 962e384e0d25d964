package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.CapsuleProjection;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code capsule_projection}. */
final class CapsuleProjectionScene implements Scene {
  private static final int ROWS = Stage.HISTORIES * Stage.ITEMS * Stage.LEVELS;
  private static final int D = Stage.D;
  private static final int K = Stage.INTERESTS;

  @Override
  public String stem() {
    return "capsule_projection";
  }

  @Override
  public List<Act> acts(Stage stage) {
    Tensor levels = stage.input(Axis.ITEMS, Stage.LEVELS * D, 1);
    Tensor w = stage.weights(K * D, D);
    Tensor dZ = stage.inputCapsules(Axis.ITEMS, D, 1);
    Tensor z = stage.outputCapsules(Axis.ITEMS, D);
    Tensor dLevels = stage.output(Axis.ITEMS, Stage.LEVELS * D);
    Tensor dW = stage.scope().floats(K * D, D);
    CapsuleProjection projection = stage.backend().capsuleProjection();
    Array h = stage.array(levels, 1, 1, ROWS, D);
    Array weights = stage.array(w, 1, K, D, D);
    Array gradients = stage.array(dZ, 1, ROWS, K, D).permute(0, 2, 1, 3);
    return List.of(
        new Act(
            "forward",
            () -> projection.forward(stage.batch(), levels, w, z),
            List.of(levels),
            List.of(w),
            List.of(z),
            () -> List.of(h.matmul(weights).permute(0, 2, 1, 3).download())),
        new Act(
            "backward",
            () -> projection.backward(stage.batch(), levels, w, dZ, dLevels, dW),
            List.of(levels, dZ),
            List.of(w),
            List.of(dLevels, dW),
            () ->
                List.of(
                    gradients.matmul(weights.transposed()).sum(1).download(),
                    h.productOverRows(gradients).download())));
  }
}
