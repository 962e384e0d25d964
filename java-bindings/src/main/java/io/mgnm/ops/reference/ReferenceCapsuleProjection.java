package io.mgnm.ops.reference;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.CapsuleProjection;
import io.mgnm.ops.Tensor;

/** Equation (5), value by value. */
final class ReferenceCapsuleProjection implements CapsuleProjection {
  private final ReferenceBackend backend;
  private final Precision precision;

  ReferenceCapsuleProjection(ReferenceBackend backend) {
    this.backend = backend;
    this.precision = backend.precision();
  }

  @Override
  public void forward(Batch batch, Tensor levels, Tensor weights, Tensor projected) {
    CapsuleProjection.check("forward", batch, levels, weights, projected);
    ReferenceTensor h = ReferenceTensor.of(levels);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor z = ReferenceTensor.of(projected);
    int d = batch.shape().d();
    backend.run(
        () ->
            eachCapsule(
                batch,
                (t, l, i) -> {
                  for (int out = 0; out < d; out++) { // (5)
                    double sum = 0;
                    for (int in = 0; in < d; in++) {
                      sum = precision.store(sum + h.get(t, l * d + in) * w.get(i * d + in, out));
                    }
                    z.set(t, l, i, out, sum);
                  }
                }));
  }

  @Override
  public void backward(
      Batch batch,
      Tensor levels,
      Tensor weights,
      Tensor projectedGradients,
      Tensor levelGradients,
      Tensor weightGradients) {
    CapsuleProjection.check("backward", batch, levels, weights, projectedGradients);
    CapsuleProjection.check("backward", batch, levelGradients, weightGradients, projectedGradients);
    ReferenceTensor h = ReferenceTensor.of(levels);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor dZ = ReferenceTensor.of(projectedGradients);
    ReferenceTensor dH = ReferenceTensor.of(levelGradients);
    ReferenceTensor dW = ReferenceTensor.of(weightGradients);
    int d = batch.shape().d();
    backend.run(
        () -> {
          dH.fill(0);
          dW.fill(0);
          eachCapsule(
              batch,
              (t, l, i) -> {
                for (int in = 0; in < d; in++) {
                  for (int out = 0; out < d; out++) {
                    double gradient = dZ.get(t, l, i, out);
                    dH.add(t, l * d + in, gradient * w.get(i * d + in, out));
                    dW.add(i * d + in, out, gradient * h.get(t, l * d + in));
                  }
                }
              });
        });
  }

  private interface Capsule {
    void visit(int item, int level, int interest);
  }

  private static void eachCapsule(Batch batch, Capsule capsule) {
    ReferenceBatch own = ReferenceBatch.of(batch);
    BatchShape shape = batch.shape();
    for (int t = 0; t < own.rows(Axis.ITEMS); t++) {
      for (int l = 0; l < shape.levels(); l++) {
        for (int i = 0; i < shape.interests(); i++) {
          capsule.visit(t, l, i);
        }
      }
    }
  }
}
