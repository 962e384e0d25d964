package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One history after another in a worker's scratch. P·H comes out with items in lanes and (P·H)·W
 * with components in lanes, which is what the next product with P reads: the forward transposes X
 * and nothing else.
 *
 * <p>The backward takes one product with P a layer: T = P S serves both the weights, Ẇ = Hᵀ T, and
 * the level below, Ḣ += T Wᵀ, because P is symmetric. S Wᵀ and H of all layers lie side by side, so
 * that G is one product.
 */
final class CpuGraphConvolution implements GraphConvolution {
  private final CpuBackend backend;
  private final Options options;

  CpuGraphConvolution(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void forward(
      Batch batch, Tensor items, Tensor users, Tensor weights, Tensor outputs, Tensor sums) {
    GraphConvolution.checkForward(batch, items, users, weights, outputs, sums);
    CpuTensor x = backend.own(items);
    CpuTensor u = backend.own(users);
    CpuTensor w = backend.own(weights);
    CpuTensor levels = backend.own(outputs);
    CpuTensor l1 = backend.own(sums);
    Scratch[] scratches = scratches(batch.shape(), false);
    int d = batch.shape().d();
    int row = batch.shape().levels() * d;
    backend.perHistory(
        backend.own(batch),
        micro -> {
          Scratch scratch = scratches[micro.worker()];
          scratch.loadWeights(w);
          for (int h = 0; h < micro.histories(); h++) {
            scratch.loadItems(micro, h, x, u);
            int level = levels.base(micro) + micro.begin(h) * row;
            l1.array(micro)[l1.base(micro) + h] =
                scratch.forward(levels.array(micro), level, micro.length(h));
          }
        });
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
    CpuTensor x = backend.own(items);
    CpuTensor u = backend.own(users);
    CpuTensor w = backend.own(weights);
    CpuTensor levels = backend.own(outputs);
    CpuTensor dLevels = backend.own(outputGradients);
    CpuTensor dX = backend.own(itemGradients);
    CpuTensor dU = backend.own(userGradients);
    CpuTensor dW = backend.own(weightGradients);
    Scratch[] scratches = scratches(batch.shape(), true);
    int d = batch.shape().d();
    int row = batch.shape().levels() * d;
    backend.perHistory(
        backend.own(batch),
        micro -> {
          Scratch scratch = scratches[micro.worker()];
          scratch.loadWeights(w);
          for (int h = 0; h < micro.histories(); h++) {
            scratch.loadItems(micro, h, x, u);
            int item = micro.begin(h);
            scratch.backward(
                levels.array(micro),
                levels.base(micro) + item * row,
                dLevels.array(micro),
                dLevels.base(micro) + item * row,
                micro.length(h));
            int ofUser = dU.base(micro) + h * d;
            scratch.storeGradients(
                dX.array(micro),
                dX.base(micro) + item * d,
                dU.array(micro),
                ofUser,
                micro.length(h));
          }
          scratch.addWeightGradient(dW.slot(micro), dW.offset());
        },
        dW);
  }

  private Scratch[] scratches(BatchShape shape, boolean backward) {
    Scratch[] scratches = new Scratch[backend.workers().size()];
    Arrays.setAll(scratches, w -> new Scratch(options, shape, backward));
    return scratches;
  }

  /** What one worker needs for one history, and the work on it. "T" is transposed. */
  private static final class Scratch {
    private final Options options;
    private final int d;
    private final int quads; // d rounded up to the 4 columns that a product writes at least
    private final int row; // values of an item's levels
    private final int layers;
    private final int distinct; // layers that differ: with Input.FIRST all are the same
    private final int componentTiles;

    private final HistoryGraph graph;
    private final LaneMatrix wT;
    private final LaneMatrix w;
    private final LaneMatrix hT; // a level, components in lanes
    private final LaneMatrix product; // P H, or T = P S, items in lanes

    private final LaneMatrix sT; // Ḣ of a level, then S
    private final LaneMatrix s;
    private final LaneMatrix belowT; // what Ḣ of the level below starts as
    private final LaneMatrix tT;
    private final LaneMatrix allV; // S Wᵀ of all layers, the last layer first
    private final LaneMatrix allH; // H of all layers likewise
    private final LaneMatrix dWT; // of the micro-batch
    private final LaneMatrix partT; // of one layer

    Scratch(Options options, BatchShape shape, boolean backward) {
      this.options = options;
      d = shape.d();
      quads = (d + 3) / 4 * 4;
      row = shape.levels() * d;
      layers = shape.levels() - 1;
      distinct = options.input() == Input.FIRST ? Math.min(1, layers) : layers;
      componentTiles = LaneMatrix.padded(d) / LANES;
      int n = shape.maxLength();
      graph = new HistoryGraph(n, d, backward);
      wT = new LaneMatrix(d, d);
      w = new LaneMatrix(d, d);
      hT = new LaneMatrix(d, n);
      product = new LaneMatrix(n, d);
      int back = backward ? 1 : 0;
      sT = new LaneMatrix(d, n * back);
      s = new LaneMatrix(n * back, d);
      belowT = new LaneMatrix(d, n * back);
      tT = new LaneMatrix(d, n * back);
      allV = new LaneMatrix(n * back, distinct * quads);
      // a transpose writes whole squares: the last one may reach beyond the last layer
      allH = new LaneMatrix(n * back, distinct * quads + LANES);
      dWT = new LaneMatrix(d * back, d);
      partT = new LaneMatrix(d * back, d);
    }

    void loadWeights(CpuTensor weights) {
      wT.loadTransposed(weights.array(), weights.offset(), d, d, d);
      w.transpose(wT, componentTiles, componentTiles, 0);
      dWT.clear();
    }

    void loadItems(MicroBatch micro, int h, CpuTensor x, CpuTensor u) {
      int n = micro.length(h);
      graph.load(
          x.array(micro),
          x.base(micro) + micro.begin(h) * d,
          n,
          options.userAware() ? u.array(micro) : null,
          u.base(micro) + h * d);
      hT.shape(graph.paddedItems());
      sT.shape(graph.paddedItems());
      belowT.shape(graph.paddedItems());
      tT.shape(graph.paddedItems());
    }

    /** Writes the levels from {@code to} on and returns Σ A. */
    float forward(float[] levels, int to, int n) {
      graph.xT.storeTransposed(levels, to, row, n, d);
      if (layers == 0) {
        return 0;
      }
      graph.adjacency();
      float l1 = graph.normalise(options.normalisation());
      LaneMatrix in = graph.xT;
      for (int l = 1; l <= layers; l++) {
        if (l <= distinct) {
          product.product(graph.operator, graph.tiles(), n, in, quads, 0);
          hT.product(wT, componentTiles, d, product, graph.paddedItems(), 0);
          leakyRelu(hT.values(), hT.tile(componentTiles));
          in = hT;
        }
        hT.storeTransposed(levels, to + l * d, row, n, d);
      }
      return l1;
    }

    private void leakyRelu(float[] y, int size) {
      for (int i = 0; i < size; i += STEP) {
        FloatVector v = FloatVector.fromArray(FLOATS, y, i);
        v.mul(options.slope()).blend(v, v.compare(VectorOperators.GT, 0f)).intoArray(y, i);
      }
    }

    /** Leaves Ḣ_0 in {@link #sT} and Q in the graph, and adds to Ẇ. */
    void backward(float[] levels, int levelBase, float[] dLevels, int gradientBase, int n) {
      sT.loadTransposed(dLevels, gradientBase + layers * d, row, n, d);
      if (layers == 0) {
        return;
      }
      for (int l = layers - 1; l >= distinct; l--) { // levels that are copies of one
        belowT.loadTransposed(dLevels, gradientBase + l * d, row, n, d);
        sT.add(belowT, componentTiles);
      }
      graph.adjacencyAndRest();
      graph.normalise(options.normalisation());
      hT.loadTransposed(levels, levelBase + distinct * d, row, n, d);
      for (int l = distinct - 1; l >= 0; l--) {
        throughLeakyRelu(sT.values(), hT.values(), sT.tile(componentTiles));
        hT.loadTransposed(levels, levelBase + l * d, row, n, d);
        belowT.loadTransposed(dLevels, gradientBase + l * d, row, n, d);
        throughLayer((distinct - 1 - l) * quads, n);
      }
      graph.gradient.product(allV, graph.tiles(), distinct * quads, allH, graph.paddedItems(), 0);
      graph.toLogits(options.normalisation(), options.l1());
    }

    private void throughLeakyRelu(float[] gradient, float[] h, int size) {
      for (int i = 0; i < size; i += STEP) {
        FloatVector v = FloatVector.fromArray(FLOATS, gradient, i);
        FloatVector level = FloatVector.fromArray(FLOATS, h, i);
        v.mul(options.slope())
            .blend(v, level.compare(VectorOperators.GT, 0f))
            .intoArray(gradient, i);
      }
    }

    /** From S of the level above, in {@link #sT}, to Ḣ of the level below, in the same place. */
    private void throughLayer(int column, int n) {
      int tiles = graph.tiles();
      s.transpose(sT, componentTiles, tiles, 0);
      allV.product(s, tiles, d, w, quads, column);
      allH.transpose(hT, componentTiles, tiles, column);
      product.product(graph.operator, tiles, n, sT, quads, 0); // T
      tT.transpose(product, tiles, componentTiles, 0);
      partT.product(tT, componentTiles, n, hT, quads, 0);
      dWT.add(partT, componentTiles);
      sT.product(w, componentTiles, d, product, graph.paddedItems(), 0);
      sT.add(belowT, componentTiles);
    }

    void storeGradients(float[] dX, int itemBase, float[] dU, int userBase, int n) {
      if (layers == 0) {
        sT.storeTransposed(dX, itemBase, d, n, d);
        Arrays.fill(dU, userBase, userBase + d, 0);
        return;
      }
      graph.storeItemGradient(sT, dX, itemBase);
      if (options.userAware()) {
        graph.storeUserGradient(dU, userBase);
      } else {
        Arrays.fill(dU, userBase, userBase + d, 0);
      }
    }

    void addWeightGradient(float[] slot, int offset) {
      float[] values = dWT.values();
      for (int k = 0; k < d; k++) {
        for (int out = 0; out < d; out++) {
          slot[offset + k * d + out] += values[dWT.row(out) + k * LANES];
        }
      }
    }
  }
}
