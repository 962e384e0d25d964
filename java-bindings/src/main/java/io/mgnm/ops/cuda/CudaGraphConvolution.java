package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code graph_convolution.cu}, whose header says how. */
final class CudaGraphConvolution implements GraphConvolution {
  private static final String STEM = "graph_convolution";
  private static final int SELF = 32; // floats of GraphTiles, with what its directions add

  private final CudaBackend backend;
  private final Options options;

  CudaGraphConvolution(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void forward(
      Batch batch, Tensor items, Tensor users, Tensor weights, Tensor outputs, Tensor sums) {
    GraphConvolution.checkForward(batch, items, users, weights, outputs, sums);
    CudaBatch own = backend.own(batch);
    CudaTensor w = backend.own(weights);
    HistoryPlan plan = forwardPlan(batch.shape());
    CudaKernel kernel = kernel("forward", batch.shape(), w);
    backend.launch(
        kernel.prepare(
            shape(batch.shape(), plan),
            own.live(),
            own.offsets(),
            backend.own(items).buffer(),
            backend.own(users).buffer(),
            w.buffer(),
            backend.own(outputs).buffer(),
            backend.own(sums).buffer(),
            options.slope(),
            plan.keep(),
            plan.resident(),
            plan.tile()));
  }

  @Override
  public void backward(
      Batch batch,
      Tensor items,
      Tensor users,
      Tensor weights,
      Tensor outputs,
      Tensor outputGradients,
      Tensor itemGradients,
      Tensor userGradients,
      Tensor weightGradients) {
    GraphConvolution.checkBackward(
        batch,
        items,
        users,
        weights,
        outputs,
        outputGradients,
        itemGradients,
        userGradients,
        weightGradients);
    CudaBatch own = backend.own(batch);
    BatchShape capacity = batch.shape();
    CudaTensor w = backend.own(weights);
    HistoryPlan plan = backwardPlan(capacity);
    LaunchShape shape = shape(capacity, plan);
    int d = capacity.d();
    DeviceBuffer partials = own.scratch(STEM + ": dW", (long) shape.gridX() * d * d);
    long slots =
        plan.streams(capacity.maxLength())
            ? (long) shape.gridX() * (distinct(capacity) + 1) * capacity.maxLength() * d
            : 0;
    CudaKernel kernel = kernel("backward", capacity, w);
    backend.launch(
        kernel.prepare(
            shape,
            own.live(),
            own.offsets(),
            backend.own(items).buffer(),
            backend.own(users).buffer(),
            w.buffer(),
            backend.own(outputs).buffer(),
            backend.own(outputGradients).buffer(),
            backend.own(itemGradients).buffer(),
            backend.own(userGradients).buffer(),
            partials,
            own.scratch(STEM + ": slots", slots),
            capacity.maxLength(),
            options.slope(),
            options.l1(),
            plan.keep(),
            plan.resident(),
            plan.tile()));
    backend.sum(kernel("sum", capacity, w), partials, shape.gridX(), backend.own(weightGradients));
  }

  private CudaKernel kernel(String name, BatchShape shape, CudaTensor w) {
    boolean quads = shape.d() % 4 == 0 && w.aligned16();
    return backend.kernel(
        STEM,
        STEM + "_" + name,
        Map.of(
            "D",
            shape.d(),
            "L",
            layers(shape),
            "NORMALISATION",
            normalisation(),
            "USER",
            options.userAware() ? 1 : 0,
            "FIRST",
            options.input() == Input.FIRST ? 1 : 0,
            "VECTOR",
            quads ? 4 : 1));
  }

  /** As the kernels number them. */
  private int normalisation() {
    return switch (options.normalisation()) {
      case SYMMETRIC -> 0;
      case KIPF -> 1;
      case NONE -> 2;
    };
  }

  private static LaunchShape shape(BatchShape shape, HistoryPlan plan) {
    int blocks = Math.clamp(shape.histories(), 1, CudaBackend.SLOTS);
    return LaunchShape.of(blocks, ItemRows.BLOCK).withShared(plan.bytes());
  }

  private static int layers(BatchShape shape) {
    return shape.levels() - 1;
  }

  /** Layers that differ: where every layer reads the first level, they are all the same. */
  private int distinct(BatchShape shape) {
    return options.input() == Input.FIRST ? Math.min(1, layers(shape)) : layers(shape);
  }

  HistoryPlan forwardPlan(BatchShape shape) {
    return plan("forward", shape, new Forward(new ItemRows(shape.d()), distinct(shape)));
  }

  HistoryPlan backwardPlan(BatchShape shape) {
    return plan("backward", shape, new Backward(new ItemRows(shape.d()), distinct(shape)));
  }

  private HistoryPlan plan(String direction, BatchShape shape, HistoryPlan.Need need) {
    int longest = distinct(shape) == 0 ? 0 : shape.maxLength(); // without layers, no graph
    return HistoryPlan.choose(
        STEM + "." + direction, need, longest, backend.device().sharedBytesPerBlockOptIn());
  }

  /** W, u and the description of the history. */
  private static long fixed(ItemRows rows) {
    return rows.floats(rows.d()) + rows.width() + SELF;
  }

  private static long vectors(int count, int n) {
    return (long) count * ItemRows.multipleOf(4, n);
  }

  /** Roots; X, which becomes the level at hand where A is kept, that level, and T. */
  private record Forward(ItemRows rows, int distinct) implements HistoryPlan.Need {
    @Override
    public long kept(int n) {
      return fixed(rows) + vectors(1, n) + 2 * rows.floats(n) + ItemRows.pairs(n, n);
    }

    @Override
    public long resident(int n, int tile) {
      int portions = distinct > 1 ? 3 : 2;
      return fixed(rows) + vectors(1, n) + portions * rows.floats(n) + ItemRows.pairs(tile, tile);
    }

    @Override
    public long streamed(int n, int tile) {
      return fixed(rows) + vectors(1, n) + 5 * rows.floats(tile) + ItemRows.pairs(tile, tile);
    }
  }

  /** Roots and two shares of ρ; the levels but the last, T, and slots for S and V. */
  private record Backward(ItemRows rows, int distinct) implements HistoryPlan.Need {
    private long always(int n) {
      return fixed(rows) + (long) ItemRows.WARPS * rows.width() + vectors(3, n);
    }

    @Override
    public long kept(int n) {
      return always(n) + (2L * distinct + 2) * rows.floats(n) + ItemRows.pairs(n, n);
    }

    @Override
    public long resident(int n, int tile) {
      return always(n) + (2L * distinct + 2) * rows.floats(n) + ItemRows.pairs(tile, tile);
    }

    @Override
    public long streamed(int n, int tile) {
      return always(n) + 5 * rows.floats(tile) + ItemRows.pairs(tile, tile);
    }
  }
}
