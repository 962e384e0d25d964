package io.mgnm.ops.reference;

import io.mgnm.ops.Adam;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** The contract's lines, value by value. */
final class ReferenceAdam implements Adam {
  private final ReferenceBackend backend;
  private final Precision precision;
  private final Options options;

  ReferenceAdam(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.precision = backend.precision();
    this.options = options;
  }

  /** A parameter tensor with its moments. */
  private record Parameters(ReferenceTensor p, ReferenceTensor m, ReferenceTensor v) {
    Parameters(Tensor p, Tensor m, Tensor v) {
      this(ReferenceTensor.of(p), ReferenceTensor.of(m), ReferenceTensor.of(v));
    }
  }

  @Override
  public void dense(Tensor p, Tensor gradient, Tensor m, Tensor v, StepState stepState) {
    Adam.checkDense(p, gradient, m, v);
    // However a tensor divides its values into rows, they are compared one by one.
    int size = p.size();
    Parameters all = new Parameters(p.slice(0, 1, size), m.slice(0, 1, size), v.slice(0, 1, size));
    ReferenceTensor g = ReferenceTensor.of(gradient.slice(0, 1, size));
    ReferenceStepState state = ReferenceStepState.of(stepState);
    backend.run(
        () -> {
          if (state.failedStep < 0) {
            for (int k = 0; k < size; k++) {
              update(all, 0, k, g.get(0, k), state.step, state.learningRate);
            }
          }
        });
  }

  @Override
  public void touched(
      Tensor p, RowGradients sums, Tensor m, Tensor v, IntTensor stepCounts, StepState stepState) {
    Adam.checkRows("touched", p, sums, m, v);
    Adam.checkSteps(p, stepCounts);
    Parameters table = new Parameters(p, m, v);
    ReferenceRowGradients gradients = ReferenceRowGradients.of(sums);
    int[] steps = ReferenceInts.of(stepCounts);
    ReferenceStepState state = ReferenceStepState.of(stepState);
    backend.run(
        () -> {
          if (state.failedStep < 0) {
            gradients
                .sums()
                .forEach(
                    (row, sum) -> {
                      steps[row]++;
                      for (int k = 0; k < sum.length; k++) {
                        update(table, row, k, sum[k], steps[row], state.learningRate);
                      }
                    });
          }
        });
  }

  @Override
  public void table(Tensor p, RowGradients sums, Tensor m, Tensor v, StepState stepState) {
    Adam.checkRows("table", p, sums, m, v);
    Parameters table = new Parameters(p, m, v);
    ReferenceRowGradients gradients = ReferenceRowGradients.of(sums);
    ReferenceStepState state = ReferenceStepState.of(stepState);
    backend.run(
        () -> {
          if (state.failedStep < 0) {
            for (int row = 0; row < table.p().rows(); row++) {
              double[] sum = gradients.sums().get(row);
              for (int k = 0; k < table.p().width(); k++) {
                double g = sum == null ? 0 : sum[k];
                update(table, row, k, g, state.step, state.learningRate);
              }
            }
          }
        });
  }

  private void update(Parameters all, int row, int k, double gradient, long t, double rate) {
    double p = all.p().get(row, k);
    double g = precision.store(gradient + options.l2() * p);
    double m = options.beta1() * all.m().get(row, k) + (1 - options.beta1()) * g;
    double v = options.beta2() * all.v().get(row, k) + (1 - options.beta2()) * g * g;
    all.m().set(row, k, m);
    all.v().set(row, k, v);
    double mHat = precision.store(all.m().get(row, k) / (1 - Adam.power(options.beta1(), t)));
    double vHat = precision.store(all.v().get(row, k) / (1 - Adam.power(options.beta2(), t)));
    double change = precision.store(rate * mHat / (Math.sqrt(vHat) + options.epsilon()));
    all.p().set(row, k, p - change);
  }
}
