package io.mgnm.ops;

/**
 * {@code adam}: Adam with L2 in the gradient.
 *
 * <pre>
 *   g ← g + λ·p;   m ← β1·m + (1 − β1)·g;   v ← β2·v + (1 − β2)·g²
 *   p ← p − η · m/(1 − β1^t) / (√(v/(1 − β2^t)) + ε)
 * </pre>
 *
 * <p>The rate η and the step t come from the {@link StepState}; after a failed step nothing
 * changes.
 */
public interface Adam {

  /**
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param epsilon added to the root
   * @param l2 λ: weight of ½|p|² in the loss
   */
  record Options(double beta1, double beta2, double epsilon, double l2) {
    /** 0.9, 0.999, 1e-8 and the given λ. */
    public static Options withL2(double l2) {
      return new Options(0.9, 0.999, 1e-8, l2);
    }
  }

  /**
   * All values of a tensor.
   *
   * @param p parameters, updated
   * @param gradient of p's shape
   * @param m first moment, of p's shape, updated
   * @param v second moment, of p's shape, updated
   */
  void dense(Tensor p, Tensor gradient, Tensor m, Tensor v, StepState state);

  /**
   * The rows of a table that the batch touched, each with its own count of steps as t; moments of
   * other rows stay as they are. λ acts once on every touched row.
   *
   * @param steps one count a row, updated
   */
  void touched(
      Tensor p, RowGradients gradients, Tensor m, Tensor v, IntTensor steps, StepState state);

  /** All rows of a table: a row that the batch did not touch has gradient λ·p. */
  void table(Tensor p, RowGradients gradients, Tensor m, Tensor v, StepState state);
}
