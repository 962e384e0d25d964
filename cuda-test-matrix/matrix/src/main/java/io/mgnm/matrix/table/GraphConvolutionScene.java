package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.GraphConvolution.Input;
import io.mgnm.ops.GraphConvolution.Normalisation;
import io.mgnm.ops.GraphConvolution.Options;
import io.mgnm.ops.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code graph_convolution} with the default options but for the weight of L1; items are dimension
 * 2.
 */
final class GraphConvolutionScene implements Scene {
  private static final int B = Stage.HISTORIES;
  private static final int N = Stage.ITEMS;
  private static final int D = Stage.D;
  private static final int LAYERS = Stage.LEVELS - 1;
  private static final double SCALE = 0.4;
  private static final float SLOPE = 0.2f;
  private static final float L1 = 1e-3f; // so large that it shows
  private static final Options OPTIONS =
      new Options(Normalisation.SYMMETRIC, true, Input.PREVIOUS, SLOPE, L1);

  @Override
  public String stem() {
    return "graph_convolution";
  }

  @Override
  public List<Act> acts(Stage stage) {
    Batch batch = stage.batch();
    Tensor x = stage.input(Axis.ITEMS, D, SCALE);
    Tensor u = stage.input(Axis.HISTORIES, D, SCALE);
    Tensor w = stage.weights(D, D);
    Tensor dLevels = stage.input(Axis.ITEMS, Stage.LEVELS * D, 1);
    Tensor levels = stage.output(Axis.ITEMS, Stage.LEVELS * D);
    Tensor l1 = stage.output(Axis.HISTORIES, 1);
    Tensor dX = stage.output(Axis.ITEMS, D);
    Tensor dU = stage.output(Axis.HISTORIES, D);
    Tensor dW = stage.scope().floats(D, D);
    GraphConvolution convolution = stage.backend().graphConvolution(OPTIONS);
    Array gradients = stage.array(dLevels, B, N, Stage.LEVELS, D);
    Layers layers =
        new Layers(
            stage.array(x, B, 1, N, D),
            stage.array(u, B, 1, 1, D),
            stage.array(w, D, D),
            stage.eager().empty(B, N, Stage.LEVELS, D));
    return List.of(
        new Act(
            "forward",
            () -> convolution.forward(batch, x, u, w, levels, l1),
            List.of(x, u),
            List.of(w),
            List.of(levels, l1),
            layers::forward),
        new Act(
            "backward",
            () -> convolution.backward(batch, x, u, w, levels, dLevels, dX, dU, dW),
            List.of(u, levels, dLevels), // x is the first level
            List.of(w),
            List.of(dX, dU, dW),
            () -> layers.backward(gradients)));
  }

  /** The layers, and what the forward keeps. */
  private static final class Layers {
    private final Array x;
    private final Array u;
    private final Array w;
    private final Array levels;
    private final List<Array> gathered = new ArrayList<>(); // P·H
    private Array adjacency;
    private Array roots; // D^-½
    private Array normalised;

    Layers(Array x, Array u, Array w, Array levels) {
      this.x = x;
      this.u = u;
      this.w = w;
      this.levels = levels;
    }

    private static Array level(Array levels, int level) {
      return levels.slice(2, level, 1).permute(0, 2, 1, 3);
    }

    List<float[]> forward() {
      gathered.clear();
      adjacency = HadamardSigmoidAdjacencyScene.forward(x, u);
      Array degrees = adjacency.sum(3);
      Array l1 = degrees.sum(2);
      roots = degrees.sqrt().inverse();
      normalised = adjacency.times(roots).times(roots.transposed());
      level(levels, 0).becomes(Pointwise.COPY, x, 0);
      for (int l = 0; l < LAYERS; l++) {
        Array h = level(levels, l);
        Array sum = normalised.matmul(h).plus(h);
        level(levels, l + 1).becomes(Pointwise.LEAKY, sum.matmul(w), SLOPE);
        gathered.add(sum);
      }
      return List.of(levels.download(), l1.download());
    }

    List<float[]> backward(Array dLevels) {
      Array dH = level(dLevels, LAYERS);
      Array dW = null;
      Array g = null;
      for (int l = LAYERS - 1; l >= 0; l--) {
        Array s = level(levels, l + 1).passWherePositive(dH, SLOPE);
        Array ofWeights = gathered.get(l).reshape(B * N, D).productOverRows(s.reshape(B * N, D));
        dW = dW == null ? ofWeights : dW.plus(ofWeights);
        Array v = s.matmul(w.transposed());
        Array ofOperator = v.matmul(level(levels, l).transposed());
        g = g == null ? ofOperator : g.plus(ofOperator);
        dH = level(dLevels, l).plus(v).plus(normalised.transposed().matmul(v));
      }
      Array logits = toLogits(g);
      Array r = logits.plus(logits.transposed()).matmul(x);
      Array dU = x.times(r).sum(2).times(0.5f);
      return List.of(dH.plus(r.times(u)).download(), dU.download(), dW.download());
    }

    private Array toLogits(Array g) {
      Array both = g.times(normalised);
      Array rho = both.sum(3).plus(both.sum(2).transposed());
      Array throughDegrees = rho.times(0.5f).times(roots).times(roots);
      Array byAdjacency = g.times(roots).times(roots.transposed()).minus(throughDegrees).plus(L1);
      return adjacency.oneMinus().times(adjacency).times(byAdjacency);
    }
  }
}
