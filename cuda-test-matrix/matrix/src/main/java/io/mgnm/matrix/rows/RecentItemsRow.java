package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code recent_items}, whose outputs hold something before. */
final class RecentItemsRow implements Row {
  private static final RecentItems.Options OPTIONS = new RecentItems.Options(1.5);

  @Override
  public String stem() {
    return "recent_items";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "backward");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.batch(subject);
    int d = shape.d();
    double scale = shape.size().scale();
    Tensor x = Shape.input(subject, batch, Axis.ITEMS, d, scale);
    Tensor dO = Shape.inputCapsules(subject, batch, Axis.HISTORIES, d, scale);
    Tensor o = Shape.outputCapsules(subject, batch, "forward.o", Axis.HISTORIES, d);
    Tensor dX = Shape.output(subject, batch, "backward.dX", Axis.ITEMS, d);
    RecentItems recent = subject.backend().recentItems(OPTIONS);
    recent.forward(batch, x, subject.input(o, scale));
    recent.backward(batch, dO, subject.input(dX, scale));
  }
}
