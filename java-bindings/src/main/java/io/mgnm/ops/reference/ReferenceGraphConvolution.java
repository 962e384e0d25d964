package io.mgnm.ops.reference;

import static io.mgnm.ops.reference.ReferenceMatrices.rows;
import static io.mgnm.ops.reference.ReferenceMatrices.transposed;

import io.mgnm.ops.Batch;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.Tensor;
import java.util.Arrays;

/** Equations (1) to (4), history by history. */
final class ReferenceGraphConvolution implements GraphConvolution {
  private final ReferenceBackend backend;
  private final Options options;
  private final Precision precision;
  private final ReferenceMatrices matrices;

  ReferenceGraphConvolution(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
    this.precision = backend.precision();
    this.matrices = new ReferenceMatrices(precision);
  }

  @Override
  public void forward(
      Batch batch, Tensor items, Tensor users, Tensor weights, Tensor outputs, Tensor sums) {
    GraphConvolution.checkForward(batch, items, users, weights, outputs, sums);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor x = ReferenceTensor.of(items);
    ReferenceTensor u = ReferenceTensor.of(users);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor levels = ReferenceTensor.of(outputs);
    ReferenceTensor l1 = ReferenceTensor.of(sums);
    int layers = batch.shape().levels() - 1;
    backend.run(
        () -> {
          for (int b = 0; b < histories.count(); b++) {
            int begin = histories.begin(b);
            double[][] h = rows(x, begin, histories.end(b) - begin, 0, x.width());
            setLevel(levels, begin, 0, h);
            l1.set(b, 0, 0);
            if (layers == 0) {
              continue;
            }
            Graph graph = new Graph(h, user(u, b));
            for (double degree : graph.degrees) {
              l1.add(b, 0, degree);
            }
            double[][] in = h;
            for (int l = 0; l < layers; l++) {
              double[][] y = // (2)
                  matrices.times(
                      matrices.times(graph.operator, in), rows(w, 0, x.width(), 0, x.width()));
              double[][] next = new double[y.length][x.width()];
              for (int i = 0; i < y.length; i++) {
                for (int k = 0; k < x.width(); k++) {
                  next[i][k] = precision.store(y[i][k] > 0 ? y[i][k] : options.slope() * y[i][k]);
                }
              }
              setLevel(levels, begin, l + 1, next);
              in = options.input() == Input.FIRST ? h : next;
            }
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
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor x = ReferenceTensor.of(items);
    ReferenceTensor u = ReferenceTensor.of(users);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor levels = ReferenceTensor.of(outputs);
    ReferenceTensor dLevels = ReferenceTensor.of(outputGradients);
    ReferenceTensor dX = ReferenceTensor.of(itemGradients);
    ReferenceTensor dU = ReferenceTensor.of(userGradients);
    ReferenceTensor dW = ReferenceTensor.of(weightGradients);
    int d = x.width();
    int layers = batch.shape().levels() - 1;
    backend.run(
        () -> {
          dX.fill(0);
          dU.fill(0);
          dW.fill(0);
          double[][] wTransposed = transposed(rows(w, 0, d, 0, d));
          for (int b = 0; b < histories.count(); b++) {
            int begin = histories.begin(b);
            int n = histories.end(b) - begin;
            double[][][] h = new double[layers + 1][][];
            double[][][] dH = new double[layers + 1][][];
            for (int l = 0; l <= layers; l++) {
              h[l] = rows(levels, begin, n, l * d, d);
              dH[l] = rows(dLevels, begin, n, l * d, d);
            }
            if (layers > 0) {
              Graph graph = new Graph(h[0], user(u, b));
              double[][] g = new double[n][n];
              for (int l = layers - 1; l >= 0; l--) {
                int in = options.input() == Input.FIRST ? 0 : l;
                double[][] s = throughLeakyRelu(h[l + 1], dH[l + 1]);
                add(dW, matrices.times(transposed(matrices.times(graph.operator, h[in])), s));
                double[][] v = matrices.times(s, wTransposed);
                g = matrices.plus(g, matrices.times(v, transposed(h[in])));
                double[][] back = matrices.times(transposed(graph.operator), v);
                dH[in] = matrices.plus(dH[in], back);
              }
              double[][] r =
                  ReferenceHadamardSigmoidAdjacency.toProducts(graph.toLogits(g), h[0], precision);
              ReferenceHadamardSigmoidAdjacency.addToItems(r, user(u, b), dX, begin);
              if (options.userAware()) {
                ReferenceHadamardSigmoidAdjacency.setUser(r, h[0], dU, b, precision);
              }
            }
            for (int i = 0; i < n; i++) {
              for (int k = 0; k < d; k++) {
                dX.add(begin + i, k, dH[0][i][k]);
              }
            }
          }
        });
  }

  /** The graph of one history: A, D and P, and the way back through them. */
  private final class Graph {
    private final int n;
    private final double[][] logits;
    private final double[][] adjacency;
    private final double[] degrees;
    private final double[] roots; // D^-½ or D̂^-½
    private final double[][] operator;

    Graph(double[][] x, double[] u) {
      n = x.length;
      logits = ReferenceHadamardSigmoidAdjacency.logits(x, u, precision); // (1)
      adjacency = new double[n][n];
      degrees = new double[n];
      roots = new double[n];
      operator = new double[n][n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double a = ReferenceHadamardSigmoidAdjacency.sigmoid(logits[i][j]);
          adjacency[i][j] = precision.store(a);
          degrees[i] = precision.store(degrees[i] + adjacency[i][j]);
        }
        double degree = degrees[i] + (options.normalisation() == Normalisation.KIPF ? 1 : 0);
        roots[i] = degree == 0 ? 0 : precision.store(1 / Math.sqrt(degree));
      }
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) { // (3)
          int identity = i == j ? 1 : 0;
          operator[i][j] =
              precision.store(
                  switch (options.normalisation()) {
                    case SYMMETRIC -> identity + normalised(i, j, adjacency[i][j]);
                    case KIPF -> normalised(i, j, adjacency[i][j] + identity);
                    case NONE -> adjacency[i][j];
                  });
        }
      }
    }

    private double normalised(int i, int j, double value) {
      return precision.store(roots[i] * value) * roots[j];
    }

    /** ṡ from G = Ṗ and the weight of L1. */
    double[][] toLogits(double[][] g) {
      double[] rho = new double[n];
      if (options.normalisation() != Normalisation.NONE) {
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            int own = i == j && options.normalisation() == Normalisation.KIPF ? 1 : 0;
            rho[i] = precision.store(rho[i] + g[i][j] * normalised(i, j, adjacency[i][j] + own));
            rho[i] = precision.store(rho[i] + g[j][i] * normalised(j, i, adjacency[j][i] + own));
          }
        }
      }
      double[][] result = new double[n][n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double a = adjacency[i][j];
          double direct =
              options.normalisation() == Normalisation.NONE
                  ? g[i][j] * a
                  : g[i][j] * normalised(i, j, a);
          // roots² is 1 / D, in two steps because it overflows before A / D does
          double throughDegree = rho[i] / 2 * roots[i] * precision.store(roots[i] * a);
          double rest = precision.store(ReferenceHadamardSigmoidAdjacency.sigmoid(-logits[i][j]));
          result[i][j] =
              precision.store(rest * precision.store(direct - throughDegree + options.l1() * a));
        }
      }
      return result;
    }
  }

  /** S = Ḣ ⊙ φ'(Y), where H = φ(Y) has the sign of Y. */
  private double[][] throughLeakyRelu(double[][] h, double[][] dH) {
    double[][] s = new double[h.length][h[0].length];
    for (int i = 0; i < h.length; i++) {
      for (int k = 0; k < h[i].length; k++) {
        s[i][k] = precision.store(h[i][k] > 0 ? dH[i][k] : options.slope() * dH[i][k]);
      }
    }
    return s;
  }

  /** u of a history, or ones. */
  private double[] user(ReferenceTensor u, int history) {
    if (options.userAware()) {
      return rows(u, history, 1, 0, u.width())[0];
    }
    double[] ones = new double[u.width()];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static void setLevel(ReferenceTensor levels, int begin, int level, double[][] values) {
    for (int i = 0; i < values.length; i++) {
      for (int k = 0; k < values[i].length; k++) {
        levels.set(begin + i, level * values[i].length + k, values[i][k]);
      }
    }
  }

  private static void add(ReferenceTensor sum, double[][] values) {
    for (int i = 0; i < values.length; i++) {
      for (int k = 0; k < values[i].length; k++) {
        sum.add(i, k, values[i][k]);
      }
    }
  }
}
