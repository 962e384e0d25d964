package io.mgnm.ops.cuda;

import java.util.function.IntToLongFunction;

/**
 * How a kernel that gives a history to a block divides shared memory, chosen from the batch's
 * capacity and the device's limit. Kernels cut their sums in the same way in every plan, so that a
 * plan changes speed and never bits.
 *
 * @param keep items of a history, at most, whose matrix of item pairs is kept whole
 * @param resident items, at most, of which all rows are kept; pairs by tiles. Longer histories are
 *     streamed: rows come from global memory, tile by tile
 * @param tile rows and columns of a tile of pairs: 16, 32 or 64
 * @param bytes dynamic shared memory of a block
 */
record HistoryPlan(int keep, int resident, int tile, int bytes) {
  private static final int[] TILES = {64, 32, 16};
  private static final int NO_TILE = 64; // every history is one tile

  /** Floats of shared memory that a kernel needs in each way. */
  interface Need {
    /** For a history of {@code n} items with its pairs kept whole. */
    long kept(int n);

    /** For {@code n} items with all rows there, and pairs by tiles. */
    long resident(int n, int tile);

    /** For {@code n} items streamed. */
    long streamed(int n, int tile);
  }

  /**
   * Keeps the longest history whole where it fits. Otherwise, all its rows where they fit, or none;
   * each first in half of the limit, so that two blocks share a multiprocessor, and with the
   * largest tile that fits. What of the memory is left over serves the shorter histories.
   *
   * @param longest items of a history, at most
   * @param limit bytes of shared memory that a block may have
   * @throws IllegalArgumentException where no way fits
   */
  static HistoryPlan choose(String operation, Need need, int longest, int limit) {
    if (need.kept(longest) * Float.BYTES <= limit) {
      return new HistoryPlan(longest, longest, NO_TILE, bytes(need.kept(longest)));
    }
    for (int budget : new int[] {limit / 2, limit}) {
      for (int tile : TILES) {
        long floats = need.resident(longest, tile);
        if (floats * Float.BYTES <= budget) {
          return new HistoryPlan(most(longest, floats, need::kept), longest, tile, bytes(floats));
        }
      }
    }
    for (int budget : new int[] {limit / 2, limit}) {
      for (int tile : TILES) {
        if (need.streamed(longest, tile) * Float.BYTES <= budget) {
          long floats = budget / Float.BYTES;
          return new HistoryPlan(
              most(longest, floats, need::kept),
              most(longest, floats, n -> need.resident(n, tile)),
              tile,
              bytes(floats));
        }
      }
    }
    throw new IllegalArgumentException(
        "%s: histories of %d items need %d bytes of shared memory a block, the device has %d;"
                .formatted(operation, longest, need.streamed(longest, 16) * Float.BYTES, limit)
            + " shorten them (truncation)");
  }

  /** Whether histories of up to {@code longest} items may be streamed. */
  boolean streams(int longest) {
    return longest > resident;
  }

  private static int bytes(long floats) {
    return Math.toIntExact(floats * Float.BYTES);
  }

  /** The longest history that needs no more than {@code floats}; 0 for none. */
  private static int most(int longest, long floats, IntToLongFunction need) {
    int fits = 0;
    int tooLong = longest + 1;
    while (tooLong - fits > 1) {
      int middle = (fits + tooLong) >>> 1;
      if (need.applyAsLong(middle) <= floats) {
        fits = middle;
      } else {
        tooLong = middle;
      }
    }
    return fits;
  }
}
