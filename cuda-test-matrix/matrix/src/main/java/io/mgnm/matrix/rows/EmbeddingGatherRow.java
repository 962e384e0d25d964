package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code embedding_gather} from tables that are parts of one, on any multiple of 4 bytes. */
final class EmbeddingGatherRow implements Row {
  private static final int ITEMS = 50; // as Subject's batches draw ids
  private static final int USERS = 20;

  @Override
  public String stem() {
    return "embedding_gather";
  }

  @Override
  public List<String> directions() {
    return List.of("forward");
  }

  @Override
  public List<String> variants() {
    return List.of("aligned", "unaligned");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.batch(subject);
    int d = shape.d();
    int shift = shape.variant();
    Tensor all = subject.input(subject.scope().floats(ITEMS + USERS + 1, d), 1);
    Tensor items = all.slice(shift, ITEMS, d);
    Tensor users = all.slice(ITEMS * d + shift, USERS, d);
    subject
        .backend()
        .embeddingGather()
        .forward(
            batch,
            items,
            users,
            Shape.output(subject, batch, "forward.x", Axis.ITEMS, d),
            Shape.output(subject, batch, "forward.u", Axis.HISTORIES, d),
            Shape.output(subject, batch, "forward.e", Axis.CANDIDATES, d));
  }
}
