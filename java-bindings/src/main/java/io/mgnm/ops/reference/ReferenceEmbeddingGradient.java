package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.EmbeddingGradient;
import io.mgnm.ops.Histories;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Tensor;

/** One derivative after another, added to its row's sum. */
final class ReferenceEmbeddingGradient implements EmbeddingGradient {
  private final ReferenceBackend backend;

  ReferenceEmbeddingGradient(ReferenceBackend backend) {
    this.backend = backend;
  }

  @Override
  public void items(Batch over, Tensor itemGradients, Tensor candidateGradients, RowGradients to) {
    EmbeddingGradient.checkItems(itemGradients, candidateGradients, to);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor dX = ReferenceTensor.of(itemGradients);
    ReferenceTensor dE = ReferenceTensor.of(candidateGradients);
    ReferenceRowGradients rows = ReferenceRowGradients.of(to);
    backend.run(
        () -> {
          Histories histories = batch.histories();
          rows.clear();
          for (int t = 0; t < histories.items().length; t++) {
            rows.add(histories.items()[t], dX, t);
          }
          for (int c = 0; c < histories.candidates().length; c++) {
            rows.add(histories.candidates()[c], dE, c);
          }
        });
  }

  @Override
  public void users(Batch over, Tensor userGradients, RowGradients to) {
    EmbeddingGradient.checkUsers(userGradients, to);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor dU = ReferenceTensor.of(userGradients);
    ReferenceRowGradients rows = ReferenceRowGradients.of(to);
    backend.run(
        () -> {
          rows.clear();
          for (int b = 0; b < batch.count(); b++) {
            rows.add(batch.histories().users()[b], dU, b);
          }
        });
  }
}
