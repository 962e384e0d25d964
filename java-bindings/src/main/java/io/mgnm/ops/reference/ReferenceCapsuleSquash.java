package io.mgnm.ops.reference;

import io.mgnm.ops.CapsuleSquash;
import io.mgnm.ops.Tensor;

/** Equation (7), row by row. */
final class ReferenceCapsuleSquash implements CapsuleSquash {
  private final ReferenceBackend backend;
  private final Precision precision;

  ReferenceCapsuleSquash(ReferenceBackend backend) {
    this.backend = backend;
    this.precision = backend.precision();
  }

  @Override
  public void forward(Tensor vectors, Tensor outputs) {
    CapsuleSquash.check("forward", vectors, outputs);
    ReferenceTensor v = ReferenceTensor.of(vectors);
    ReferenceTensor o = ReferenceTensor.of(outputs);
    backend.run(
        () -> {
          for (int row = 0; row < v.rows(); row++) {
            double phi = precision.store(factor(norm(v, row)));
            for (int k = 0; k < v.width(); k++) {
              o.set(row, k, phi * v.get(row, k));
            }
          }
        });
  }

  @Override
  public void backward(Tensor vectors, Tensor outputGradients, Tensor vectorGradients) {
    CapsuleSquash.check("backward", vectors, outputGradients, vectorGradients);
    ReferenceTensor v = ReferenceTensor.of(vectors);
    ReferenceTensor dO = ReferenceTensor.of(outputGradients);
    ReferenceTensor dV = ReferenceTensor.of(vectorGradients);
    backend.run(
        () -> {
          for (int row = 0; row < v.rows(); row++) {
            double r = norm(v, row);
            double phi = precision.store(factor(r));
            double radial = precision.store(radial(r));
            double along = 0; // e · ȯ
            for (int k = 0; k < v.width(); k++) {
              along = precision.store(along + unit(v, row, k, r) * dO.get(row, k));
            }
            for (int k = 0; k < v.width(); k++) {
              dV.set(row, k, phi * dO.get(row, k) + radial * along * unit(v, row, k, r));
            }
          }
        });
  }

  /** |v|, from components scaled by the largest so that their squares cannot overflow. */
  private double norm(ReferenceTensor v, int row) {
    double largest = 0;
    for (int k = 0; k < v.width(); k++) {
      largest = Math.max(largest, Math.abs(v.get(row, k)));
    }
    if (largest == 0) {
      return 0;
    }
    double sum = 0;
    for (int k = 0; k < v.width(); k++) {
      double scaled = v.get(row, k) / largest;
      sum = precision.store(sum + scaled * scaled);
    }
    return precision.store(largest * Math.sqrt(sum));
  }

  /** A component of e = v/r. */
  private static double unit(ReferenceTensor v, int row, int k, double r) {
    return r == 0 ? 0 : v.get(row, k) / r;
  }

  /** φ(r) = r / (1 + r²), written so that r² cannot overflow. */
  static double factor(double r) {
    return r <= 1 ? r / (1 + r * r) : 1 / (r + 1 / r);
  }

  /** r·φ'(r) = r (1 − r²) / (1 + r²)², likewise: with 1/r for r it only changes sign. */
  static double radial(double r) {
    double s = r <= 1 ? r : 1 / r;
    double value = s * (1 - s * s) / ((1 + s * s) * (1 + s * s));
    return r <= 1 ? value : -value;
  }
}
