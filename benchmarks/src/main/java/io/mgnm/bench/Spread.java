package io.mgnm.bench;

import java.util.Arrays;

/**
 * Times of the same work, over and over.
 *
 * @param median seconds
 * @param least seconds
 * @param most seconds
 * @param rounds how many
 */
record Spread(double median, double least, double most, int rounds) {

  /** The spread of some times, at least one. */
  static Spread of(double[] seconds) {
    double[] sorted = seconds.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    double median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    return new Spread(median, sorted[0], sorted[n - 1], n);
  }

  /** The times of a part: everything divided. */
  Spread over(double parts) {
    return new Spread(median / parts, least / parts, most / parts, rounds);
  }

  /** For a table. */
  String milliseconds() {
    return "%.2f (%.2f to %.2f)".formatted(median * 1e3, least * 1e3, most * 1e3);
  }
}
