package io.mgnm.matrix.table;

import io.mgnm.ops.CapsuleSquash;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code capsule_squash} of every capsule of the batch. */
final class CapsuleSquashScene implements Scene {

  @Override
  public String stem() {
    return "capsule_squash";
  }

  @Override
  public List<Act> acts(Stage stage) {
    int rows = Stage.HISTORIES * Stage.ITEMS * Stage.CAPSULES;
    int d = Stage.D;
    Tensor v = stage.subject().input(stage.scope().floats(rows, d), 1);
    Tensor dO = stage.subject().input(stage.scope().floats(rows, d), 1);
    Tensor o = stage.scope().floats(rows, d);
    Tensor dV = stage.scope().floats(rows, d);
    CapsuleSquash squash = stage.backend().capsuleSquash();
    Array vectors = stage.array(v, rows, d);
    Array gradients = stage.array(dO, rows, d);
    return List.of(
        new Act(
            "forward",
            () -> squash.forward(v, o),
            List.of(v),
            List.of(),
            List.of(o),
            () -> List.of(Squash.forward(vectors).download())),
        new Act(
            "backward",
            () -> squash.backward(v, dO, dV),
            List.of(v, dO),
            List.of(),
            List.of(dV),
            () -> List.of(Squash.backward(vectors, gradients).download())));
  }
}
