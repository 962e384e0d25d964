package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import java.util.function.Consumer;

/**
 * One level of one history: values of its interests i at its positions j, read from and written to
 * tensors of the batch.
 */
final class RoutedLevel {
  private final int history;
  private final int level;
  private final int first; // item of the batch at position 0

  final int interests;
  final int n;
  final int d;

  private RoutedLevel(ReferenceBatch batch, int history, int level) {
    this.history = history;
    this.level = level;
    this.first = batch.begin(history);
    this.n = batch.end(history) - first;
    this.interests = batch.shape().interests();
    this.d = batch.shape().d();
  }

  static void each(Batch batch, Consumer<RoutedLevel> work) {
    ReferenceBatch own = ReferenceBatch.of(batch);
    for (int b = 0; b < own.count(); b++) {
      for (int l = 0; l < own.shape().levels(); l++) {
        work.accept(new RoutedLevel(own, b, l));
      }
    }
  }

  double get(ReferenceTensor vectors, int i, int j, int k) {
    return vectors.get(first + j, level, i, k);
  }

  void add(ReferenceTensor vectors, int i, int j, int k, double value) {
    vectors.add(first + j, level, i, k, value);
  }

  /** Adds all of this level's vectors. */
  void add(ReferenceTensor vectors, ReferenceTensor added) {
    for (int i = 0; i < interests; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < d; k++) {
          add(vectors, i, j, k, get(added, i, j, k));
        }
      }
    }
  }

  void clear(ReferenceTensor vectors) {
    for (int i = 0; i < interests; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < d; k++) {
          vectors.set(first + j, level, i, k, 0);
        }
      }
    }
  }

  /** {@code [i][j]}. */
  double[][] logits(ReferenceTensor logits) {
    double[][] g = new double[interests][n];
    for (int i = 0; i < interests; i++) {
      for (int j = 0; j < n; j++) {
        g[i][j] = get(logits, i, j, 0);
      }
    }
    return g;
  }

  void setLogits(ReferenceTensor logits, double[][] g) {
    for (int i = 0; i < interests; i++) {
      for (int j = 0; j < n; j++) {
        logits.set(first + j, level, i, 0, g[i][j]);
      }
    }
  }

  /** {@code [i][k]}. */
  double[][] outputs(ReferenceTensor outputs) {
    double[][] o = new double[interests][d];
    for (int i = 0; i < interests; i++) {
      for (int k = 0; k < d; k++) {
        o[i][k] = outputs.get(history, level, i, k);
      }
    }
    return o;
  }

  void setOutputs(ReferenceTensor outputs, double[][] o) {
    for (int i = 0; i < interests; i++) {
      for (int k = 0; k < d; k++) {
        outputs.set(history, level, i, k, o[i][k]);
      }
    }
  }
}
