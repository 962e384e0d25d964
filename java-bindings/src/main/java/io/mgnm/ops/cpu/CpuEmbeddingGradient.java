package io.mgnm.ops.cpu;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.EmbeddingGradient;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Tensor;

/** Says which ids belong to which derivatives; {@link SegmentedSum} adds them up. */
final class CpuEmbeddingGradient implements EmbeddingGradient {
  private final CpuBackend backend;

  CpuEmbeddingGradient(CpuBackend backend) {
    this.backend = backend;
  }

  @Override
  public void items(Batch over, Tensor dX, Tensor dE, RowGradients to) {
    EmbeddingGradient.checkItems(dX, dE, to);
    CpuBatch batch = backend.own(over);
    float[] items = kept("items", "dX", dX);
    float[] candidates = kept("items", "dE", dE);
    int capacity = Math.addExact(batch.items.length, batch.candidates.length);
    SegmentedSum sum = new SegmentedSum(backend.workers(), backend.own(to), capacity);
    backend.whole(
        () ->
            sum.run(
                batch.items,
                items,
                batch.rows(Axis.ITEMS),
                batch.candidates,
                candidates,
                batch.rows(Axis.CANDIDATES)));
  }

  @Override
  public void users(Batch over, Tensor dU, RowGradients to) {
    EmbeddingGradient.checkUsers(dU, to);
    CpuBatch batch = backend.own(over);
    float[] users = kept("users", "dU", dU);
    SegmentedSum sum = new SegmentedSum(backend.workers(), backend.own(to), batch.users.length);
    backend.whole(() -> sum.run(batch.users, users, batch.count(), batch.users, users, 0));
  }

  /** The array of derivatives of the whole batch, which begin at 0. */
  private float[] kept(String method, String name, Tensor tensor) {
    CpuTensor own = backend.own(tensor);
    if (own.isLocal()) {
      throw new IllegalArgumentException(
          "embedding_gradient." + method + ": " + name + " must be KEPT: sums are over the batch");
    }
    return own.array();
  }
}
