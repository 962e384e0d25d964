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
            setRow(o, row, squash(row(v, row), precision));
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
            setRow(dV, row, squashBackward(row(v, row), row(dO, row), precision));
          }
        });
  }

  /** (7) of one vector. */
  static double[] squash(double[] v, Precision precision) {
    double phi = precision.store(factor(norm(v, precision)));
    double[] o = new double[v.length];
    for (int k = 0; k < v.length; k++) {
      o[k] = precision.store(phi * v[k]);
    }
    return o;
  }

  /** The derivative by one vector v, from the derivative by its o. */
  static double[] squashBackward(double[] v, double[] dO, Precision precision) {
    double r = norm(v, precision);
    double phi = precision.store(factor(r));
    double radial = precision.store(radial(r));
    double along = 0; // e · ȯ
    for (int k = 0; k < v.length; k++) {
      along = precision.store(along + unit(v[k], r) * dO[k]);
    }
    double[] dV = new double[v.length];
    for (int k = 0; k < v.length; k++) {
      dV[k] = precision.store(phi * dO[k] + radial * along * unit(v[k], r));
    }
    return dV;
  }

  /** |v|, from components scaled by the largest so that their squares cannot overflow. */
  private static double norm(double[] v, Precision precision) {
    double largest = 0;
    for (double component : v) {
      largest = Math.max(largest, Math.abs(component));
    }
    if (largest == 0) {
      return 0;
    }
    double sum = 0;
    for (double component : v) {
      double scaled = component / largest;
      sum = precision.store(sum + scaled * scaled);
    }
    return precision.store(largest * Math.sqrt(sum));
  }

  /** A component of e = v/r. */
  private static double unit(double component, double r) {
    return r == 0 ? 0 : component / r;
  }

  private static double[] row(ReferenceTensor tensor, int row) {
    double[] values = new double[tensor.width()];
    for (int k = 0; k < values.length; k++) {
      values[k] = tensor.get(row, k);
    }
    return values;
  }

  private static void setRow(ReferenceTensor tensor, int row, double[] values) {
    for (int k = 0; k < values.length; k++) {
      tensor.set(row, k, values[k]);
    }
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
