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
    expect(seed, code).check(what, candidate, bounds, code);
  }

  /** What code gives on the reference, in double and naively in float: once for many candidates. */
  public static Expected expect(long seed, Consumer<Subject> code) {
    return new Expected(
        seed,
        run(new ReferenceBackend(Precision.DOUBLE), seed, code),
        run(new ReferenceBackend(Precision.SINGLE), seed, code));
  }

  /** What a candidate is compared with. */
  public static final class Expected {
    private final long seed;
    private final Map<String, double[]> truth;
    private final Map<String, double[]> naive;

    private Expected(long seed, Map<String, double[]> truth, Map<String, double[]> naive) {
      this.seed = seed;
      this.truth = truth;
      this.naive = naive;
    }

    /**
     * Fails where an output of the candidate is further from the truth than the rule allows.
     *
     * @param code as the expectation was made with
     */
    public void check(String what, Backend candidate, Bounds bounds, Consumer<Subject> code) {
      differences(what, candidate, bounds, code)
          .values()
          .forEach(
              difference -> {
                if (!difference.isEmpty()) {
                  throw new AssertionError(difference);
                }
              });
    }

    /**
     * Runs the candidate once and judges every output by itself.
     *
     * @return the outputs in their order with what is wrong, empty where nothing is
     */
    public Map<String, String> differences(
        String what, Backend candidate, Bounds bounds, Consumer<Subject> code) {
      Map<String, double[]> came = run(candidate, seed, code);
      if (!truth.keySet().equals(came.keySet()) || truth.isEmpty()) {
        throw new AssertionError(what + ": outputs " + came.keySet() + " of " + truth.keySet());
      }
      Map<String, String> differences = new LinkedHashMap<>();
      truth.forEach(
          (name, values) ->
              differences.put(
                  name,
                  difference(
                      "%s: %s on %s, seed %d".formatted(what, name, candidate.name(), seed),
                      values,
                      naive.get(name),
                      came.get(name),
                      bounds)));
      return differences;
    }
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
    String difference = difference(what, truth, naive, came, bounds);
    if (!difference.isEmpty()) {
      throw new AssertionError(difference);
    }
  }

  /** What is wrong, at the worst place; empty where nothing is. */
  private static String difference(
      String what, double[] truth, double[] naive, double[] came, Bounds bounds) {
    if (truth.length != came.length) {
      return "%s: expected %d values, got %d".formatted(what, truth.length, came.length);
    }
    double largest = 0;
    double naiveError = 0;
    double worstError = 0;
    int worst = -1;
    for (int i = 0; i < truth.length; i++) {
      largest = Math.max(largest, Math.abs(truth[i]));
      naiveError = Math.max(naiveError, Math.abs(naive[i] - truth[i]));
      double error = Math.abs(came[i] - truth[i]);
      boolean first = Double.isNaN(error) && !Double.isNaN(worstError); // nothing is worse
      if (worst < 0 || error > worstError || first) {
        worst = i;
        worstError = error;
      }
    }
    double bound = 2 * naiveError + bounds.floor() * largest;
    if (worst < 0 || worstError <= bound) {
      return "";
    }
    return "%s: at %d expected %s, got %s: error %.3g, allowed %.3g (naive %.3g, largest %.3g)"
        .formatted(what, worst, truth[worst], came[worst], worstError, bound, naiveError, largest);
  }
}
