package io.mgnm.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How many events users have.
 *
 * @param p90 nine of ten users have at most this many
 * @param p99 99 of 100 users have at most this many
 * @param histogram users by length; each bucket twice as wide as the one before
 */
public record SequenceLengths(
    int min, int median, double mean, int p90, int p99, int max, List<Bucket> histogram) {

  /** Users with a length in [from, to]. */
  public record Bucket(int from, int to, int users) {}

  /** The lengths of all users of a dataset. */
  public static SequenceLengths of(Dataset dataset) {
    int[] lengths = new int[dataset.users()];
    for (int u = 0; u < lengths.length; u++) {
      lengths[u] = dataset.userEnd(u) - dataset.userBegin(u);
    }
    return of(lengths);
  }

  /** The distribution of lengths, each at least 1, in any order; the array is sorted. */
  static SequenceLengths of(int[] lengths) {
    Arrays.sort(lengths);
    List<Bucket> histogram = new ArrayList<>();
    int from = 0;
    while (from < lengths.length) {
      int low = Integer.highestOneBit(lengths[from]);
      long high = 2L * low - 1;
      int to = from;
      while (to < lengths.length && lengths[to] <= high) {
        to++;
      }
      histogram.add(new Bucket(low, (int) Math.min(high, Integer.MAX_VALUE), to - from));
      from = to;
    }
    return new SequenceLengths(
        lengths[0],
        quantile(lengths, 50),
        Arrays.stream(lengths).asLongStream().sum() / (double) lengths.length,
        quantile(lengths, 90),
        quantile(lengths, 99),
        lengths[lengths.length - 1],
        List.copyOf(histogram));
  }

  /** The smallest length that at least this share of users does not exceed. */
  private static int quantile(int[] sorted, int percent) {
    long rank = Math.ceilDiv((long) sorted.length * percent, 100L);
    return sorted[(int) Math.max(rank, 1) - 1];
  }
}
