package io.mgnm.bench.peer;

import io.mgnm.ops.Histories;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A ragged batch as rectangles, which is what libtorch works on: histories side by side, each
 * followed by padding up to the longest one's length.
 *
 * @param histories B
 * @param length n, of the longest
 * @param full whether all are that long, so that nothing is padded
 * @param candidates C
 * @param rows distinct item rows, ascending
 * @param items places in {@code rows}, [history][position]; 0 in the padding
 * @param positives places in {@code rows} of the candidates, [history][candidate]
 * @param userRows distinct user rows, ascending
 * @param users places in {@code userRows}, [history]
 * @param mask 1 at items and 0 in the padding, [history][position]
 * @param logits of the routing, [position][history][capsule]; 0 in the padding
 * @param reversed where a position stands when the items alone are turned round, padding staying
 *     where it is, as a row of [position][history][capsule]
 */
public record Padded(
    int histories,
    int length,
    boolean full,
    int candidates,
    long[] rows,
    long[] items,
    long[] positives,
    long[] userRows,
    long[] users,
    float[] mask,
    float[] logits,
    long[] reversed) {

  /**
   * Pads a batch.
   *
   * @param ragged as drawn
   * @param logits [item][capsule], the canonical order
   * @param capsules of a history
   */
  public static Padded of(Histories ragged, float[] logits, int capsules) {
    return of(
        ragged,
        logits,
        capsules,
        distinct(ragged.items(), ragged.candidates()),
        distinct(ragged.users()));
  }

  /** The same for tables of so many rows that are used as they are: a place is a row's number. */
  public static Padded ofTables(
      Histories ragged, float[] logits, int capsules, int items, int users) {
    return of(
        ragged,
        logits,
        capsules,
        LongStream.range(0, items).toArray(),
        LongStream.range(0, users).toArray());
  }

  private static Padded of(
      Histories ragged, float[] logits, int capsules, long[] rows, long[] userRows) {
    int count = ragged.count();
    int[] offsets = ragged.offsets();
    int[] lengths = IntStream.range(0, count).map(h -> offsets[h + 1] - offsets[h]).toArray();
    int n = Arrays.stream(lengths).max().orElse(0);
    long[] items = new long[count * n];
    float[] mask = new float[count * n];
    float[] padded = new float[n * count * capsules];
    long[] reversed = new long[n * count * capsules];
    for (int h = 0; h < count; h++) {
      for (int t = 0; t < n; t++) {
        boolean item = t < lengths[h];
        if (item) {
          items[h * n + t] = Arrays.binarySearch(rows, ragged.items()[offsets[h] + t]);
          mask[h * n + t] = 1;
        }
        int to = (t * count + h) * capsules;
        int from = ((item ? lengths[h] - 1 - t : t) * count + h) * capsules;
        for (int c = 0; c < capsules; c++) {
          padded[to + c] = item ? logits[(offsets[h] + t) * capsules + c] : 0;
          reversed[to + c] = (long) from + c;
        }
      }
    }
    return new Padded(
        count,
        n,
        Arrays.stream(lengths).allMatch(length -> length == n),
        count == 0 ? 0 : ragged.candidates().length / count,
        rows,
        items,
        places(rows, ragged.candidates()),
        userRows,
        places(userRows, ragged.users()),
        mask,
        padded,
        reversed);
  }

  private static long[] distinct(int[]... ids) {
    return Arrays.stream(ids)
        .flatMapToInt(Arrays::stream)
        .sorted()
        .distinct()
        .asLongStream()
        .toArray();
  }

  private static long[] places(long[] rows, int[] ids) {
    return Arrays.stream(ids).mapToLong(id -> Arrays.binarySearch(rows, id)).toArray();
  }
}
