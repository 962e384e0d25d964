package io.mgnm.ops.parity;

import io.mgnm.ops.Backend;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs the same test code on the reference in double, on the naive float reference and on a
 * candidate, and compares everything it named as output by the tolerance rule of {@link Bounds}.
 */
public final class Parity {
  private Parity() {}

  /** Compares with {@link Bounds#DEFAULT}. */
  public static void check(String what, Backend candidate, long seed, Consumer<Subject> code) {
    check(what, candidate, seed, Bounds.DEFAULT, code);
  }

  /**
   * @param what named in failures
   * @param candidate the backend under test
   * @param seed of the inputs
   * @param code makes inputs and outputs with the subject, and runs the operation
   */
  public static void check(
      String what, Backend candidate, long seed, Bounds bounds, Consumer<Subject> code) {
    Map<String, double[]> truth = run(new ReferenceBackend(Precision.DOUBLE), seed, code);
    Map<String, double[]> naive = run(new ReferenceBackend(Precision.SINGLE), seed, code);
    Map<String, double[]> came = run(candidate, seed, code);
    if (!truth.keySet().equals(came.keySet()) || truth.isEmpty()) {
      throw new AssertionError(what + ": outputs " + came.keySet() + " of " + truth.keySet());
    }
    truth.forEach(
        (name, values) ->
            compare(
                "%s: %s on %s, seed %d".formatted(what, name, candidate.name(), seed),
                values,
                naive.get(name),
                came.get(name),
                bounds));
  }

  private static Map<String, double[]> run(Backend backend, long seed, Consumer<Subject> code) {
    try (Subject subject = new Subject(backend, seed)) {
      code.accept(subject);
      subject.checkGuards();
      Map<String, double[]> results = new LinkedHashMap<>();
      subject.outputs().forEach((name, tensor) -> results.put(name, values(tensor, backend)));
      return results;
    }
  }

  private static double[] values(Tensor tensor, Backend backend) {
    if (backend instanceof ReferenceBackend) {
      return ReferenceBackend.values(tensor);
    }
    float[] floats = tensor.download();
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  /** Fails where {@code came} is further from {@code truth} than the rule allows. */
  public static void compare(
      String what, double[] truth, double[] naive, double[] came, Bounds bounds) {
    if (truth.length != came.length) {
      throw new AssertionError(
          "%s: expected %d values, got %d".formatted(what, truth.length, came.length));
    }
    double largest = 0;
    double naiveError = 0;
    for (int i = 0; i < truth.length; i++) {
      largest = Math.max(largest, Math.abs(truth[i]));
      naiveError = Math.max(naiveError, Math.abs(naive[i] - truth[i]));
    }
    double bound = 2 * naiveError + bounds.floor() * largest;
    for (int i = 0; i < truth.length; i++) {
      double error = Math.abs(came[i] - truth[i]);
      if (!(error <= bound)) { // so that NaN fails
        throw new AssertionError(
            "%s: at %d expected %s, got %s: error %.3g, allowed %.3g (naive %.3g, largest %.3g)"
                .formatted(what, i, truth[i], came[i], error, bound, naiveError, largest));
      }
    }
  }
}
