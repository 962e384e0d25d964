package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.EmbeddingGather;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Tensor;
import java.util.Objects;

/** Copies row by row. */
final class ReferenceEmbeddingGather implements EmbeddingGather {
  private final ReferenceBackend backend;

  ReferenceEmbeddingGather(ReferenceBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Batch batch, Tensor items, Tensor users, Tensor x, Tensor u, Tensor e) {
    EmbeddingGather.check(batch, items, users, x, u, e);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor itemTable = ReferenceTensor.of(items);
    ReferenceTensor userTable = ReferenceTensor.of(users);
    ReferenceTensor itemRows = ReferenceTensor.of(x);
    ReferenceTensor userRows = ReferenceTensor.of(u);
    ReferenceTensor candidateRows = ReferenceTensor.of(e);
    backend.run(
        () -> {
          Histories now = histories.histories();
          gather(itemTable, now.items(), itemRows);
          gather(userTable, now.users(), userRows);
          gather(itemTable, now.candidates(), candidateRows);
        });
  }

  private static void gather(ReferenceTensor table, int[] ids, ReferenceTensor rows) {
    for (int row = 0; row < ids.length; row++) {
      Objects.checkIndex(ids[row], table.rows());
      for (int k = 0; k < table.width(); k++) {
        rows.set(row, k, table.get(ids[row], k));
      }
    }
  }
}
