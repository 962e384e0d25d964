package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.CapsuleProjection;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code capsule_projection}. */
final class CapsuleProjectionRow implements Row {

  @Override
  public String stem() {
    return "capsule_projection";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "backward");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.batch(subject);
    int d = shape.d();
    int k = shape.interests();
    int row = shape.levels() * d;
    Tensor levels = Shape.input(subject, batch, Axis.ITEMS, row, shape.size().scale());
    Tensor w = subject.input(subject.scope().floats(k * d, d), 1 / Math.sqrt(d));
    Tensor dZ = Shape.inputCapsules(subject, batch, Axis.ITEMS, d, 1);
    CapsuleProjection projection = subject.backend().capsuleProjection();
    projection.forward(
        batch, levels, w, Shape.outputCapsules(subject, batch, "forward.z", Axis.ITEMS, d));
    projection.backward(
        batch,
        levels,
        w,
        dZ,
        Shape.output(subject, batch, "backward.dLevels", Axis.ITEMS, row),
        subject.output("backward.dW", k * d, d));
  }
}
