package io.mgnm.ops;

/**
 * {@code adam}: Adam with L2 in the gradient.
 *
 * <pre>
 *   g ← g + λ·p;   m ← β1·m + (1 − β1)·g;   v ← β2·v + (1 − β2)·g²
 *   p ← p − η · m/(1 − β1^t) / (√(v/(1 − β2^t)) + ε)
 * </pre>
 *
 * <p>The rate η and the step t come from the {@link StepState}: t is the number of the step begun
 * last, from 1. β^t is {@link #power}, in double. From a failed step on nothing changes, counts of
 * steps included. Every value is updated by itself, so bits depend on nothing else.
 */
public interface Adam {

  /**
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param epsilon added to the root
   * @param l2 λ: weight of ½|p|² in the loss
   */
  record Options(double beta1, double beta2, double epsilon, double l2) {
    /** Checks the values. */
    public Options {
      require(beta1 >= 0 && beta1 < 1, "beta1", "in [0, 1)", beta1);
      require(beta2 >= 0 && beta2 < 1, "beta2", "in [0, 1)", beta2);
      require(epsilon > 0, "epsilon", "above 0", epsilon);
      require(l2 >= 0, "l2", "at least 0", l2);
    }

    private static void require(boolean ok, String name, String expected, double came) {
      if (!ok) {
        throw new IllegalArgumentException(
            "adam: " + name + ": expected " + expected + ", got " + came);
      }
    }

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
   * @param p {@link Axis#FIXED} rows × d
   * @param gradients of width d
   * @param m of p's shape, updated
   * @param v of p's shape, updated
   * @param steps one count a row, updated
   */
  void touched(
      Tensor p, RowGradients gradients, Tensor m, Tensor v, IntTensor steps, StepState state);

  /**
   * All rows of a table: a row that the batch did not touch has gradient λ·p.
   *
   * @param p {@link Axis#FIXED} rows × d
   * @param gradients of width d
   * @param m of p's shape, updated
   * @param v of p's shape, updated
   */
  void table(Tensor p, RowGradients gradients, Tensor m, Tensor v, StepState state);

  /**
   * β^t by repeated squaring: the same multiplications in double, and so the same bits, wherever it
   * is done.
   *
   * @param t at least 0
   */
  static double power(double beta, long t) {
    double result = 1;
    double square = beta;
    for (long rest = t; rest != 0; rest >>>= 1) {
      if ((rest & 1) != 0) {
        result *= square;
      }
      square *= square;
    }
    return result;
  }

  /**
   * Refuses tensors that are not of p's size.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkDense(Tensor p, Tensor gradient, Tensor m, Tensor v) {
    Arguments.block("adam.dense", "p", p, p.size());
    Arguments.block("adam.dense", "gradient", gradient, p.size());
    Arguments.block("adam.dense", "m", m, p.size());
    Arguments.block("adam.dense", "v", v, p.size());
  }

  /**
   * Refuses tensors that are not a table and what belongs to it.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkRows(String method, Tensor p, RowGradients gradients, Tensor m, Tensor v) {
    String operation = "adam." + method;
    Arguments.fixed(operation, "p", p, -1, gradients.width());
    Arguments.fixed(operation, "m", m, p.rows(), p.width());
    Arguments.fixed(operation, "v", v, p.rows(), p.width());
  }

  /**
   * Refuses a count of steps that is not one a row.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkSteps(Tensor p, IntTensor steps) {
    Arguments.same("adam.touched", "steps", p.rows(), steps.size());
  }
}
