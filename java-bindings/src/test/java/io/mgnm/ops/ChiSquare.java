package io.mgnm.ops;

import java.util.Arrays;

/** Whether counts follow expected frequencies; with fixed seeds a test is not a gamble. */
final class ChiSquare {
  private ChiSquare() {}

  /**
   * Fails where χ² is more than five standard deviations above its mean, the degrees of freedom.
   */
  static void check(String what, long[] counts, double[] expected) {
    double sum = 0;
    for (int i = 0; i < counts.length; i++) {
      double difference = counts[i] - expected[i];
      sum += difference * difference / expected[i];
    }
    double freedom = counts.length - 1;
    double limit = freedom + 5 * Math.sqrt(2 * freedom);
    if (!(sum <= limit)) {
      throw new AssertionError("%s: chi-square %.1f, limit %.1f".formatted(what, sum, limit));
    }
  }

  /** Likewise, with all frequencies the same. */
  static void checkUniform(String what, long[] counts) {
    double[] expected = new double[counts.length];
    long total = 0;
    for (long count : counts) {
      total += count;
    }
    Arrays.fill(expected, (double) total / counts.length);
    check(what, counts, expected);
  }
}
