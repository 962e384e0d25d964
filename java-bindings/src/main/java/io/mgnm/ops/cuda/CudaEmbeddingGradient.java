package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.ElementType;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.EmbeddingGradient;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Tensor;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Launches {@code embedding_gradient.cu}, whose header says how. Too little room shows when the
 * sums are downloaded or used, since only the device knows.
 */
final class CudaEmbeddingGradient implements EmbeddingGradient {
  private static final String STEM = "embedding_gradient";
  private static final int BLOCK = 512;

  /** Every block reads all ids, so there are as few blocks as keep each busy. */
  private static final int IDS_A_BLOCK = 128;

  private final CudaBackend backend;

  CudaEmbeddingGradient(CudaBackend backend) {
    this.backend = backend;
  }

  @Override
  public void items(Batch over, Tensor dX, Tensor dE, RowGradients to) {
    EmbeddingGradient.checkItems(dX, dE, to);
    CudaBatch batch = backend.own(over);
    CudaTensor items = kept("items", "dX", dX);
    CudaTensor candidates = kept("items", "dE", dE);
    CudaRowGradients rows = backend.own(to);
    int ids =
        Math.toIntExact(Math.addExact(batch.capacity(Axis.ITEMS), batch.capacity(Axis.CANDIDATES)));
    launch(
        batch,
        ids,
        rows,
        batch.items(),
        items.buffer(),
        batch.candidates(),
        candidates.buffer(),
        batch.live(),
        batch.offsets(),
        1,
        batch.shape().candidates());
  }

  @Override
  public void users(Batch over, Tensor dU, RowGradients to) {
    EmbeddingGradient.checkUsers(dU, to);
    CudaBatch batch = backend.own(over);
    CudaTensor users = kept("users", "dU", dU);
    CudaRowGradients rows = backend.own(to);
    launch(
        batch,
        batch.shape().histories(),
        rows,
        batch.users(),
        users.buffer(),
        batch.users(),
        users.buffer(),
        batch.live(),
        batch.live(),
        0,
        0);
  }

  /**
   * @param ids of the batch, at most
   * @param inputs the kernel's first arguments
   */
  private void launch(CudaBatch batch, int ids, CudaRowGradients rows, Object... inputs) {
    Object[] scratchAndOutputs = {
      batch.scratch("embedding_gradient: keys", ElementType.INT64, ids),
      batch.scratch("embedding_gradient: heads", ElementType.INT32, ids),
      rows.rows(),
      rows.sums(),
      rows.count(),
      rows.room()
    };
    Object[] arguments =
        Stream.of(inputs, scratchAndOutputs).flatMap(Stream::of).toArray(Object[]::new);
    int blocks = Math.clamp(Math.ceilDiv(ids, IDS_A_BLOCK), 1, CudaBackend.SLOTS);
    int d = rows.width();
    Map<String, Integer> constants = Map.of("D", d, "VECTOR", d % 4 == 0 ? 4 : 1);
    CudaKernel kernel = backend.kernel(STEM, "embedding_gradient_rows", constants);
    backend.launch(kernel.prepare(LaunchShape.of(blocks, BLOCK), arguments));
  }

  private CudaTensor kept(String method, String name, Tensor tensor) {
    CudaTensor own = backend.own(tensor);
    if (own.isLocal()) {
      throw new IllegalArgumentException(
          "embedding_gradient." + method + ": " + name + " must be KEPT: sums are over the batch");
    }
    return own;
  }
}
