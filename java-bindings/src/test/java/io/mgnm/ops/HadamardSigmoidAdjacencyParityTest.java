package io.mgnm.ops;

import io.mgnm.ops.GradientCheck.Pair;
import java.util.List;
import org.junit.jupiter.api.Test;

class HadamardSigmoidAdjacencyParityTest {

  @Test
  void referenceBackwardIsTheDerivative() {
    for (double scale : new double[] {0.3, 1.5}) {
      try (GradientCheck check = new GradientCheck(11)) {
        Subject subject = check.subject();
        Batch batch = subject.batch(new int[] {4, 1, 7}, 0, 5, 1, 1);
        Tensor x = subject.input(rows(batch, Axis.ITEMS, 5), scale);
        Tensor u = subject.input(rows(batch, Axis.HISTORIES, 5), scale);
        Tensor a = rows(batch, Axis.PAIRS, 1);
        Tensor dA = rows(batch, Axis.PAIRS, 1);
        Tensor dX = rows(batch, Axis.ITEMS, 5);
        Tensor dU = rows(batch, Axis.HISTORIES, 5);
        HadamardSigmoidAdjacency adjacency = check.backend().hadamardSigmoidAdjacency();
        check.verify(
            () -> adjacency.forward(batch, x, u, a),
            List.of(new Pair("a", a, dA)),
            () -> adjacency.backward(batch, x, u, dA, dX, dU),
            List.of(new Pair("x", x, dX), new Pair("u", u, dU)));
      }
    }
  }

  private static Tensor rows(Batch batch, Axis axis, int width) {
    return batch.tensor(axis, width, Lifetime.KEPT);
  }
}
