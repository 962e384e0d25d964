package io.mgnm.ops;

import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Checks a reference backward against central differences in double.
 *
 * <p>The scalar differentiated is Σ w · output over all outputs, with random w; every input value
 * is moved, or {@link #MOST} evenly spread ones of a large input. Inputs must keep clear of kinks.
 */
public final class GradientCheck implements AutoCloseable {
  /** Input values moved of one tensor, at most. */
  private static final int MOST = 60;

  /** Balances the error of the difference, h², against rounding, 1e-16 / h. */
  private static final double STEP = 1e-5;

  private static final double TOLERANCE = 2e-7;

  private final Subject subject;

  /** A tensor and its derivative. */
  public record Pair(String name, Tensor value, Tensor gradient) {}

  /** An output that enters the scalar with a weight that backward knows by itself. */
  public record Weighted(Tensor value, double weight) {}

  /** A check with inputs from {@code seed}. */
  public GradientCheck(long seed) {
    subject = new Subject(new ReferenceBackend(Precision.DOUBLE), seed);
  }

  public Subject subject() {
    return subject;
  }

  public Backend backend() {
    return subject.backend();
  }

  /**
   * @param forward writes the outputs' values from the inputs' values
   * @param outputs their gradients are set to random weights
   * @param backward writes the inputs' gradients from the outputs' gradients
   */
  public void verify(Runnable forward, List<Pair> outputs, Runnable backward, List<Pair> inputs) {
    verify(forward, outputs, List.of(), backward, inputs);
  }

  /** The same with further outputs of fixed weights, such as a penalty. */
  public void verify(
      Runnable forward,
      List<Pair> outputs,
      List<Weighted> penalties,
      Runnable backward,
      List<Pair> inputs) {
    forward.run();
    for (Pair output : outputs) {
      ReferenceBackend.setValues(output.gradient(), normal(output.value().size()));
    }
    double[][] weights =
        outputs.stream().map(o -> ReferenceBackend.values(o.gradient())).toArray(double[][]::new);
    for (Pair input : inputs) { // a value that backward forgets must show
      double[] poison = new double[input.gradient().size()];
      Arrays.fill(poison, Double.NaN);
      ReferenceBackend.setValues(input.gradient(), poison);
    }
    backward.run();
    for (Pair input : inputs) {
      double[] analytic = ReferenceBackend.values(input.gradient());
      double[] values = ReferenceBackend.values(input.value());
      int stride = Math.max(1, values.length / MOST);
      for (int i = 0; i < values.length; i += stride) {
        double numeric = difference(forward, outputs, weights, penalties, input, values, i);
        double scale = 1 + Math.max(Math.abs(numeric), Math.abs(analytic[i]));
        if (!(Math.abs(numeric - analytic[i]) <= TOLERANCE * scale)) {
          throw new AssertionError(
              "gradient by %s[%d]: expected %.12g by differences, got %.12g"
                  .formatted(input.name(), i, numeric, analytic[i]));
        }
      }
      forward.run();
    }
  }

  private static double difference(
      Runnable forward,
      List<Pair> outputs,
      double[][] weights,
      List<Weighted> penalties,
      Pair input,
      double[] values,
      int i) {
    double[] moved = values.clone();
    double sum = 0;
    for (int sign = -1; sign <= 1; sign += 2) {
      moved[i] = values[i] + sign * STEP;
      ReferenceBackend.setValues(input.value(), moved);
      forward.run();
      for (int o = 0; o < outputs.size(); o++) {
        double[] result = ReferenceBackend.values(outputs.get(o).value());
        for (int j = 0; j < result.length; j++) {
          sum += sign * weights[o][j] * result[j];
        }
      }
      for (Weighted penalty : penalties) {
        for (double value : ReferenceBackend.values(penalty.value())) {
          sum += sign * penalty.weight() * value;
        }
      }
    }
    ReferenceBackend.setValues(input.value(), values);
    return sum / (2 * STEP);
  }

  private double[] normal(int size) {
    RandomGenerator random = subject.random();
    double[] values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] = random.nextGaussian();
    }
    return values;
  }

  @Override
  public void close() {
    subject.close();
  }
}
