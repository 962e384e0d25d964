package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.HadamardSigmoidAdjacency;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code hadamard_sigmoid_adjacency}. */
final class HadamardSigmoidAdjacencyRow implements Row {
  private static final double USUAL = 0.4;
  private static final double LARGE = 2; // products of three: sigmoids saturate

  @Override
  public String stem() {
    return "hadamard_sigmoid_adjacency";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "backward");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.batch(subject);
    int d = shape.d();
    double scale = shape.size().scale() > 1 ? LARGE : USUAL * shape.size().scale();
    Tensor x = Shape.input(subject, batch, Axis.ITEMS, d, scale);
    Tensor u = Shape.input(subject, batch, Axis.HISTORIES, d, scale);
    Tensor dA = Shape.input(subject, batch, Axis.PAIRS, 1, 1);
    HadamardSigmoidAdjacency adjacency = subject.backend().hadamardSigmoidAdjacency();
    adjacency.forward(batch, x, u, Shape.output(subject, batch, "forward.a", Axis.PAIRS, 1));
    adjacency.backward(
        batch,
        x,
        u,
        dA,
        Shape.output(subject, batch, "backward.dX", Axis.ITEMS, d),
        Shape.output(subject, batch, "backward.dU", Axis.HISTORIES, d));
  }
}
