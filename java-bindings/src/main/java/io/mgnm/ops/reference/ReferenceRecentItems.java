package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Tensor;

/** The contract's sums, value by value. */
final class ReferenceRecentItems implements RecentItems {
  private final ReferenceBackend backend;
  private final Precision precision;
  private final Options options;

  ReferenceRecentItems(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.precision = backend.precision();
    this.options = options;
  }

  @Override
  public void forward(Batch over, Tensor items, Tensor outputs) {
    RecentItems.check("forward", over, items, outputs);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor x = ReferenceTensor.of(items);
    ReferenceTensor o = ReferenceTensor.of(outputs);
    BatchShape shape = over.shape();
    backend.run(
        () -> {
          for (int b = 0; b < batch.count(); b++) {
            double[] a = weights(batch.end(b) - batch.begin(b));
            for (int k = 0; k < shape.d(); k++) {
              double mean = 0;
              for (int t = 0; t < a.length; t++) {
                mean = precision.store(mean + a[t] * x.get(batch.begin(b) + t, k));
              }
              for (int l = 0; l < shape.levels(); l++) {
                for (int i = 0; i < shape.interests(); i++) {
                  o.add(b, l, i, k, options.weight() * mean);
                }
              }
            }
          }
        });
  }

  @Override
  public void backward(Batch over, Tensor outputGradients, Tensor itemGradients) {
    RecentItems.check("backward", over, itemGradients, outputGradients);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor dO = ReferenceTensor.of(outputGradients);
    ReferenceTensor dX = ReferenceTensor.of(itemGradients);
    BatchShape shape = over.shape();
    backend.run(
        () -> {
          for (int b = 0; b < batch.count(); b++) {
            double[] a = weights(batch.end(b) - batch.begin(b));
            for (int k = 0; k < shape.d(); k++) {
              double sum = 0;
              for (int l = 0; l < shape.levels(); l++) {
                for (int i = 0; i < shape.interests(); i++) {
                  sum = precision.store(sum + dO.get(b, l, i, k));
                }
              }
              for (int t = 0; t < a.length; t++) {
                dX.add(batch.begin(b) + t, k, options.weight() * a[t] * sum);
              }
            }
          }
        });
  }

  /** a_t of a history of n items. */
  private double[] weights(int n) {
    double harmonic = 0; // H(n)
    for (int i = 1; i <= n; i++) {
      harmonic = precision.store(harmonic + 1.0 / i);
    }
    double[] a = new double[n];
    for (int t = 0; t < n; t++) {
      a[t] = precision.store(1 / ((n - t) * harmonic));
    }
    return a;
  }
}
