package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.HadamardSigmoidAdjacency;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code hadamard_sigmoid_adjacency.cu}, whose header says how. */
final class CudaHadamardSigmoidAdjacency implements HadamardSigmoidAdjacency {
  private static final String STEM = "hadamard_sigmoid_adjacency";
  private static final int FIRST_PAIR = 4; // an integer, in a quad of its own

  private final CudaBackend backend;

  CudaHadamardSigmoidAdjacency(CudaBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Batch batch, Tensor x, Tensor u, Tensor a) {
    HadamardSigmoidAdjacency.check("forward", batch, x, u, a);
    launch("forward", backend.own(batch), x, u, a);
  }

  @Override
  public void backward(Batch batch, Tensor x, Tensor u, Tensor dA, Tensor dX, Tensor dU) {
    HadamardSigmoidAdjacency.check("backward", batch, x, u, dA, dX, dU);
    launch("backward", backend.own(batch), x, u, dA, dX, dU);
  }

  private void launch(String direction, CudaBatch batch, Tensor... tensors) {
    ItemRows rows = new ItemRows(batch.shape().d());
    HistoryPlan plan = plan(direction, rows, batch.shape().maxLength());
    Object[] arguments = new Object[tensors.length + 4];
    arguments[0] = batch.live();
    arguments[1] = batch.offsets();
    for (int i = 0; i < tensors.length; i++) {
      arguments[2 + i] = backend.own(tensors[i]).buffer();
    }
    arguments[2 + tensors.length] = plan.keep();
    arguments[3 + tensors.length] = plan.tile();
    CudaKernel kernel = backend.kernel(STEM, STEM + "_" + direction, Map.of("D", rows.d()));
    int blocks = backend.blocks(batch.shape().histories(), 1, ItemRows.BLOCK);
    LaunchShape shape = LaunchShape.of(blocks, ItemRows.BLOCK).withShared(plan.bytes());
    backend.launch(kernel.prepare(shape, arguments));
  }

  private HistoryPlan plan(String direction, ItemRows rows, int longest) {
    return HistoryPlan.choose(
        STEM + "." + direction,
        direction.equals("forward") ? new Forward(rows) : new Backward(rows),
        longest,
        backend.device().sharedBytesPerBlockOptIn());
  }

  /** X and a tile of A; a history that is not kept whole has its rows streamed. */
  private record Forward(ItemRows rows) implements HistoryPlan.Need {
    @Override
    public long kept(int n) {
      return rows.width() + FIRST_PAIR + rows.floats(n) + ItemRows.pairs(n, n);
    }

    @Override
    public long resident(int n, int tile) {
      return Integer.MAX_VALUE;
    }

    @Override
    public long streamed(int n, int tile) {
      return rows.width() + FIRST_PAIR + 2 * rows.floats(tile) + ItemRows.pairs(tile, tile);
    }
  }

  /** X, R and a tile of the logits' gradient, or two that face each other across the diagonal. */
  private record Backward(ItemRows rows) implements HistoryPlan.Need {
    private long user() {
      return (1 + ItemRows.WARPS) * (long) rows.width() + FIRST_PAIR;
    }

    @Override
    public long kept(int n) {
      return user() + 2 * rows.floats(n) + ItemRows.pairs(n, n);
    }

    @Override
    public long resident(int n, int tile) {
      return Integer.MAX_VALUE;
    }

    @Override
    public long streamed(int n, int tile) {
      return user() + 3 * rows.floats(tile) + 2 * ItemRows.pairs(tile, tile);
    }
  }
}
