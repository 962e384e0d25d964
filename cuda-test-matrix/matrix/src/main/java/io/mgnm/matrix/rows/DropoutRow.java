package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.StepState;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code dropout} at a late step, of which the low half counts. */
final class DropoutRow implements Row {
  private static final double RATE = 0.3;
  private static final long STEP = (1L << 32) * 3 + 5;

  @Override
  public String stem() {
    return "dropout";
  }

  @Override
  public List<String> directions() {
    return List.of("apply");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.batch(subject);
    StepState state = subject.scope().stepState();
    state.set(STEP, 1e-3);
    Dropout.Options options = new Dropout.Options(shape.seed(stem()) << 8, RATE);
    var x = Shape.output(subject, batch, "apply.x", Axis.ITEMS, shape.d());
    subject.backend().dropout(options).apply(state, batch, subject.input(x, shape.size().scale()));
  }
}
