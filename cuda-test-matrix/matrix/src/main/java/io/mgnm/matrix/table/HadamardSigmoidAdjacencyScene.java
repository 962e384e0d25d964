package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.HadamardSigmoidAdjacency;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code hadamard_sigmoid_adjacency}. */
final class HadamardSigmoidAdjacencyScene implements Scene {
  private static final double SCALE = 0.4;

  @Override
  public String stem() {
    return "hadamard_sigmoid_adjacency";
  }

  @Override
  public List<Act> acts(Stage stage) {
    int b = Stage.HISTORIES;
    int n = Stage.ITEMS;
    int d = Stage.D;
    Tensor x = stage.input(Axis.ITEMS, d, SCALE);
    Tensor u = stage.input(Axis.HISTORIES, d, SCALE);
    Tensor dA = stage.input(Axis.PAIRS, 1, 1);
    Tensor a = stage.output(Axis.PAIRS, 1);
    Tensor dX = stage.output(Axis.ITEMS, d);
    Tensor dU = stage.output(Axis.HISTORIES, d);
    HadamardSigmoidAdjacency adjacency = stage.backend().hadamardSigmoidAdjacency();
    Array items = stage.array(x, b, 1, n, d);
    Array user = stage.array(u, b, 1, 1, d);
    Array gradient = stage.array(dA, b, 1, n, n);
    return List.of(
        new Act(
            "forward",
            () -> adjacency.forward(stage.batch(), x, u, a),
            List.of(x, u),
            List.of(),
            List.of(a),
            () -> List.of(forward(items, user).download())),
        new Act(
            "backward",
            () -> adjacency.backward(stage.batch(), x, u, dA, dX, dU),
            List.of(x, u, dA),
            List.of(),
            List.of(dX, dU),
            () -> backward(items, user, gradient)));
  }

  /** A of histories x [b][1][n][d]. */
  static Array forward(Array x, Array u) {
    return x.times(u).matmul(x.transposed()).sigmoid();
  }

  private static List<float[]> backward(Array x, Array u, Array dA) {
    Array a = forward(x, u);
    Array logits = dA.times(a).times(a.oneMinus());
    Array r = logits.plus(logits.transposed()).matmul(x);
    return List.of(r.times(u).download(), x.times(r).sum(2).times(0.5f).download());
  }
}
