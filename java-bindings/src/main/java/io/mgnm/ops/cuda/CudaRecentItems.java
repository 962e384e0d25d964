package io.mgnm.ops.cuda;

import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code recent_items.cu}, whose header says how. */
final class CudaRecentItems implements RecentItems {
  private static final String STEM = "recent_items";
  private static final int BLOCK = 128;

  private final CudaBackend backend;
  private final Options options;

  CudaRecentItems(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void forward(Batch batch, Tensor x, Tensor o) {
    RecentItems.check("forward", batch, x, o);
    launch("recent_items_forward", batch, x, o);
  }

  @Override
  public void backward(Batch batch, Tensor dO, Tensor dX) {
    RecentItems.check("backward", batch, dX, dO);
    launch("recent_items_backward", batch, dO, dX);
  }

  private void launch(String name, Batch over, Tensor read, Tensor updated) {
    CudaBatch batch = backend.own(over);
    CudaTensor from = backend.own(read);
    CudaTensor to = backend.own(updated);
    BatchShape shape = batch.shape();
    int d = shape.d();
    int access = d % 4 == 0 && from.aligned16() && to.aligned16() ? 4 : 1;
    backend.launch(
        backend
            .kernel(STEM, name, Map.of("D", d, "CAPSULES", shape.capsules(), "VECTOR", access))
            .prepare(
                LaunchShape.of(backend.blocks(shape.histories(), 1, BLOCK), BLOCK),
                batch.offsets(),
                batch.live(),
                (float) options.weight(),
                from.buffer(),
                to.buffer()));
  }
}
