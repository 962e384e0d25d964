package io.mgnm.matrix.rows;

import io.mgnm.ops.CapsuleSquash;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code capsule_squash}: rows as such, and rows that do not begin on multiples of 16 bytes. */
final class CapsuleSquashRow implements Row {
  private static final int ALIGNED = 16; // as Subject's guards leave it: 16 cells
  private static final double HUGE = 1e25; // squares overflow

  @Override
  public String stem() {
    return "capsule_squash";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "backward");
  }

  @Override
  public List<String> variants() {
    return List.of("aligned", "unaligned");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    int rows = shape.size().n();
    int d = shape.d();
    double scale = shape.size().scale() > 1 ? HUGE : shape.size().scale();
    boolean aligned = shape.variant() == 0;
    Tensor all = subject.input(subject.scope().floats(1, rows * d + ALIGNED), scale);
    Tensor v = all.slice(aligned ? ALIGNED : 1, rows, d);
    Tensor dO = subject.input(subject.scope().floats(rows, d), 1);
    CapsuleSquash squash = subject.backend().capsuleSquash();
    squash.forward(v, subject.output("forward.o", rows, d));
    squash.backward(v, dO, subject.output("backward.dV", rows, d));
  }
}
