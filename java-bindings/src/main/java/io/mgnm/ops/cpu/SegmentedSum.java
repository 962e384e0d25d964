package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Sums rows of values by id: sorts (id, place) pairs by id, stably, finds where each id begins, and
 * adds every id's rows in the order of their places. Sorting is one worker's; the sums are shared
 * out by distinct ids, each the work of one worker, so their bits do not depend on the sharing.
 */
final class SegmentedSum {
  private static final int DIGIT_BITS = 11;
  private static final int DIGITS = 1 << DIGIT_BITS;
  private static final int ROWS_A_PIECE = 64;

  private final Workers workers;
  private final CpuRowGradients result;
  private final int[] places = new int[DIGITS]; // of the next entry of each digit
  private final int[] starts; // of each distinct id's entries, and the end behind the last
  private final Workers.Pieces piece = this::addPiece;
  private long[] entries; // id in the high half, place in the low one
  private long[] sorted;
  private int count;
  private float[] first;
  private float[] second;
  private int firstCount;

  /**
   * @param capacity entries, at most
   */
  SegmentedSum(Workers workers, CpuRowGradients result, int capacity) {
    this.workers = workers;
    this.result = result;
    entries = new long[capacity];
    sorted = new long[capacity];
    starts = new int[capacity + 1];
  }

  /**
   * Sums {@code n} rows of {@code values} and {@code moreN} of {@code moreValues}, in this order.
   */
  void run(int[] ids, float[] values, int n, int[] moreIds, float[] moreValues, int moreN) {
    count = n + moreN;
    first = values;
    second = moreValues;
    firstCount = n;
    int bits = 0; // of any id
    for (int i = 0; i < n; i++) {
      entries[i] = (long) ids[i] << 32 | i;
      bits |= ids[i];
    }
    for (int i = 0; i < moreN; i++) {
      entries[n + i] = (long) moreIds[i] << 32 | (n + i);
      bits |= moreIds[i];
    }
    for (int shift = 0; shift < Integer.SIZE && bits >>> shift != 0; shift += DIGIT_BITS) {
      sortByDigit(Integer.SIZE + shift);
    }
    findDistinct();
    workers.run(Math.ceilDiv(result.count, ROWS_A_PIECE), piece);
  }

  private void sortByDigit(int shift) {
    Arrays.fill(places, 0);
    for (int i = 0; i < count; i++) {
      places[digit(entries[i], shift)]++;
    }
    int place = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
      int size = places[digit];
      places[digit] = place;
      place += size;
    }
    for (int i = 0; i < count; i++) {
      sorted[places[digit(entries[i], shift)]++] = entries[i];
    }
    long[] swap = entries;
    entries = sorted;
    sorted = swap;
  }

  private static int digit(long entry, int shift) {
    return (int) (entry >>> shift) & (DIGITS - 1);
  }

  private void findDistinct() {
    int distinct = 0;
    for (int i = 0; i < count; i++) {
      int id = (int) (entries[i] >>> 32);
      if (i == 0 || id != (int) (entries[i - 1] >>> 32)) {
        if (distinct == result.rows.length) {
          throw new IllegalStateException(
              "embedding_gradient: more distinct rows than the room for " + distinct);
        }
        result.rows[distinct] = id;
        starts[distinct++] = i;
      }
    }
    starts[distinct] = count;
    result.count = distinct;
  }

  private void addPiece(int number, int worker) {
    int end = Math.min(result.count, (number + 1) * ROWS_A_PIECE);
    for (int row = number * ROWS_A_PIECE; row < end; row++) {
      int split = starts[row]; // entries before it are of the first values
      while (split < starts[row + 1] && (int) entries[split] < firstCount) {
        split++;
      }
      add(starts[row], split, starts[row + 1], row * result.width);
    }
  }

  private void add(int from, int split, int to, int target) {
    int d = result.width;
    int secondBase = -firstCount * d;
    int k = 0;
    for (; k <= d - STEP; k += STEP) {
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int e = from; e < split; e++) {
        sum = sum.add(FloatVector.fromArray(FLOATS, first, (int) entries[e] * d + k));
      }
      for (int e = split; e < to; e++) {
        sum = sum.add(FloatVector.fromArray(FLOATS, second, secondBase + (int) entries[e] * d + k));
      }
      sum.intoArray(result.sums, target + k);
    }
    if (k < d) { // without masks, which C2 boxes
      Arrays.fill(result.sums, target + k, target + d, 0);
      for (int e = from; e < split; e++) {
        add(first, (int) entries[e] * d, k, d, target);
      }
      for (int e = split; e < to; e++) {
        add(second, secondBase + (int) entries[e] * d, k, d, target);
      }
    }
  }

  private void add(float[] values, int at, int begin, int end, int target) {
    for (int k = begin; k < end; k++) {
      result.sums[target + k] += values[at + k];
    }
  }
}
