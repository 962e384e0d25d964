package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code batch_parts}: the first half of the batch. It copies, so no operators stand beside it. */
final class BatchPartsScene implements Scene {
  private static final int HALF = Stage.HISTORIES / 2;

  /** Of every weight's gradient, about. */
  private static final int SUMS = 8192;

  @Override
  public String stem() {
    return "batch_parts";
  }

  @Override
  public List<Act> acts(Stage stage) {
    BatchParts parts = stage.backend().batchParts();
    Batch whole = stage.batch();
    Batch part =
        stage
            .scope()
            .batch(
                new BatchShape(
                    HALF,
                    HALF * Stage.ITEMS,
                    Stage.ITEMS,
                    Stage.CANDIDATES,
                    Stage.D,
                    Stage.LEVELS,
                    Stage.INTERESTS));
    parts.take(whole, 0, part);
    Tensor rows = stage.subject().input(part.tensor(Axis.ITEMS, Stage.D, Lifetime.KEPT), 1);
    Tensor into = stage.input(Axis.ITEMS, Stage.D, 1);
    Tensor sum = stage.subject().input(stage.scope().floats(1, SUMS), 1);
    Tensor total = stage.subject().input(stage.scope().floats(1, SUMS), 1);
    long ids = HALF * (3L + Stage.ITEMS + Stage.CANDIDATES); // and sample, user and offset
    return List.of(
        new Act(
            "take",
            () -> parts.take(whole, 0, part),
            2 * ids * Integer.BYTES,
            0,
            List::<float[]>of,
            null),
        new Act(
            "put",
            () -> parts.put(whole, 0, part, rows, into),
            2 * Act.bytes(List.of(rows)),
            0,
            () -> List.of(into.download()),
            null),
        new Act(
            "add",
            () -> parts.add(1, sum, total),
            List.of(sum, total),
            List.of(),
            List.of(total),
            null));
  }
}
