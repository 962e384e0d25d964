package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.EmbeddingGather;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code embedding_gather.cu}, whose header says how. */
final class CudaEmbeddingGather implements EmbeddingGather {
  private static final String STEM = "embedding_gather";
  private static final int BLOCK = 256;
  private static final int WARPS_A_BLOCK = BLOCK / 32;

  private final CudaBackend backend;

  CudaEmbeddingGather(CudaBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Batch over, Tensor items, Tensor users, Tensor x, Tensor u, Tensor e) {
    EmbeddingGather.check(over, items, users, x, u, e);
    CudaBatch batch = backend.own(over);
    CudaTensor itemTable = backend.own(items);
    CudaTensor userTable = backend.own(users);
    int d = batch.shape().d();
    boolean vector = d % 4 == 0 && itemTable.aligned16() && userTable.aligned16();
    int access = vector ? 4 : 1;
    CudaKernel kernel =
        backend.kernel(STEM, "embedding_gather_forward", Map.of("D", d, "VECTOR", access));
    int rows = rowsPerTile(d / access);
    long tiles =
        Math.ceilDiv(batch.capacity(Axis.ITEMS), rows)
            + Math.ceilDiv(batch.capacity(Axis.CANDIDATES), rows)
            + Math.ceilDiv(batch.capacity(Axis.HISTORIES), rows);
    backend.launch(
        kernel.prepare(
            LaunchShape.of(backend.blocks(tiles, WARPS_A_BLOCK, BLOCK), BLOCK),
            itemTable.buffer(),
            userTable.buffer(),
            batch.items(),
            batch.candidates(),
            batch.users(),
            batch.offsets(),
            batch.live(),
            batch.shape().candidates(),
            backend.own(x).buffer(),
            backend.own(u).buffer(),
            backend.own(e).buffer()));
  }

  /** Rows that a warp copies at once: two turns of a group of lanes a row. */
  private static int rowsPerTile(int accesses) {
    int group = CudaBackend.lanesFor(accesses);
    return 32 / group * Math.min(2, group);
  }
}
