package io.mgnm.ops.reference;

import static io.mgnm.ops.reference.ReferenceMatrices.rows;
import static io.mgnm.ops.reference.ReferenceMatrices.transposed;

import io.mgnm.ops.Batch;
import io.mgnm.ops.HadamardSigmoidAdjacency;
import io.mgnm.ops.Tensor;

/** Equation (1), history by history. */
final class ReferenceHadamardSigmoidAdjacency implements HadamardSigmoidAdjacency {
  private final ReferenceBackend backend;
  private final Precision precision;

  ReferenceHadamardSigmoidAdjacency(ReferenceBackend backend) {
    this.backend = backend;
    this.precision = backend.precision();
  }

  @Override
  public void forward(Batch batch, Tensor items, Tensor users, Tensor adjacency) {
    HadamardSigmoidAdjacency.check("forward", batch, items, users, adjacency);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor x = ReferenceTensor.of(items);
    ReferenceTensor u = ReferenceTensor.of(users);
    ReferenceTensor a = ReferenceTensor.of(adjacency);
    backend.run(
        () -> {
          for (int b = 0; b < histories.count(); b++) {
            int n = histories.end(b) - histories.begin(b);
            double[][] logits =
                logits(
                    rows(x, histories.begin(b), n, 0, x.width()),
                    rows(u, b, 1, 0, u.width())[0],
                    precision);
            int pair = histories.firstPair(b);
            for (int i = 0; i < n; i++) {
              for (int j = 0; j < n; j++) {
                a.set(pair + i * n + j, 0, sigmoid(logits[i][j]));
              }
            }
          }
        });
  }

  @Override
  public void backward(
      Batch batch,
      Tensor items,
      Tensor users,
      Tensor adjacencyGradients,
      Tensor itemGradients,
      Tensor userGradients) {
    HadamardSigmoidAdjacency.check(
        "backward", batch, items, users, adjacencyGradients, itemGradients, userGradients);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor x = ReferenceTensor.of(items);
    ReferenceTensor u = ReferenceTensor.of(users);
    ReferenceTensor dA = ReferenceTensor.of(adjacencyGradients);
    ReferenceTensor dX = ReferenceTensor.of(itemGradients);
    ReferenceTensor dU = ReferenceTensor.of(userGradients);
    int d = x.width();
    backend.run(
        () -> {
          dX.fill(0);
          for (int b = 0; b < histories.count(); b++) {
            int begin = histories.begin(b);
            int n = histories.end(b) - begin;
            double[][] xs = rows(x, begin, n, 0, d);
            double[] us = rows(u, b, 1, 0, d)[0];
            double[][] logits = logits(xs, us, precision);
            double[][] dLogits = new double[n][n];
            int pair = histories.firstPair(b);
            for (int i = 0; i < n; i++) {
              for (int j = 0; j < n; j++) {
                double a = precision.store(sigmoid(logits[i][j]));
                double rest = precision.store(sigmoid(-logits[i][j]));
                dLogits[i][j] = precision.store(dA.get(pair + i * n + j, 0) * a * rest);
              }
            }
            double[][] r = toProducts(dLogits, xs, precision);
            addToItems(r, us, dX, begin);
            setUser(r, xs, dU, b, precision);
          }
        });
  }

  /** 1 / (1 + e^−s), and 0 where the contract says that it underflows. */
  static double sigmoid(double s) {
    return s < LEAST_LOGIT ? 0 : 1 / (1 + Math.exp(-s));
  }

  /** s_ij = Σ_k x_ik · x_jk · u_k; the product of the items first, so that s is symmetric. */
  static double[][] logits(double[][] x, double[] u, Precision precision) {
    double[][] s = new double[x.length][x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        for (int k = 0; k < u.length; k++) {
          s[i][j] = precision.store(s[i][j] + x[i][k] * x[j][k] * u[k]);
        }
      }
    }
    return s;
  }

  /** R = (ṡ + ṡᵀ) X. */
  static double[][] toProducts(double[][] dLogits, double[][] x, Precision precision) {
    ReferenceMatrices matrices = new ReferenceMatrices(precision);
    return matrices.times(matrices.plus(dLogits, transposed(dLogits)), x);
  }

  /** ẋ_ik += R_ik u_k. */
  static void addToItems(double[][] r, double[] u, ReferenceTensor dX, int begin) {
    for (int i = 0; i < r.length; i++) {
      for (int k = 0; k < u.length; k++) {
        dX.add(begin + i, k, r[i][k] * u[k]);
      }
    }
  }

  /** u̇_k = ½ Σ_i x_ik R_ik: Q counts every pair twice. */
  static void setUser(
      double[][] r, double[][] x, ReferenceTensor dU, int history, Precision precision) {
    for (int k = 0; k < dU.width(); k++) {
      double sum = 0;
      for (int i = 0; i < r.length; i++) {
        sum = precision.store(sum + x[i][k] * r[i][k]);
      }
      dU.set(history, k, sum / 2);
    }
  }
}
