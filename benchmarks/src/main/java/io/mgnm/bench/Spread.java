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
}
