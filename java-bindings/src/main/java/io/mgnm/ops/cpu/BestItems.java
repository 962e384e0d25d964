package io.mgnm.ops.cpu;

import java.util.Arrays;

/**
 * Lists of the k best items seen so far: by score, larger first, then by row, smaller first. No two
 * items are equal in this order, so a list does not depend on the order in which items came.
 *
 * <p>Each list is a binary heap with the worst item on top.
 */
final class BestItems {
  private final int k;
  private final float[] scores; // [list][k]
  private final int[] rows;
  private final int[] sizes;

  BestItems(int lists, int k) {
    this.k = k;
    scores = new float[Math.multiplyExact(lists, k)];
    rows = new int[scores.length];
    sizes = new int[lists];
  }

  void clear() {
    Arrays.fill(sizes, 0);
  }

  /** A score below this, or NaN, cannot enter the list. */
  float threshold(int list) {
    return sizes[list] < k ? Float.NEGATIVE_INFINITY : scores[list * k];
  }

  /** Puts an item, whose score is a number, into the list if it is good enough. */
  void offer(int list, int row, float score) {
    int top = list * k;
    if (sizes[list] < k) {
      int i = sizes[list]++;
      while (i > 0 && worse(score, row, top + (i - 1) / 2)) {
        copy(top + (i - 1) / 2, top + i);
        i = (i - 1) / 2;
      }
      put(top + i, row, score);
    } else if (!worse(score, row, top)) {
      sink(top, k, row, score);
    }
  }

  /** Offers the items of another list. */
  void merge(int from, int into) {
    for (int i = from * k; i < from * k + sizes[from]; i++) {
      offer(into, rows[i], scores[i]);
    }
  }

  /** Empties a list: best first, then -1 and NaN where it was not full. */
  void drain(int list, int[] ids, int firstId, float[] values, int firstValue) {
    int top = list * k;
    Arrays.fill(ids, firstId + sizes[list], firstId + k, -1);
    Arrays.fill(values, firstValue + sizes[list], firstValue + k, Float.NaN);
    while (sizes[list] > 0) {
      int last = --sizes[list];
      ids[firstId + last] = rows[top];
      values[firstValue + last] = scores[top];
      sink(top, last, rows[top + last], scores[top + last]);
    }
  }

  /** Replaces the top of a heap of {@code size} items. */
  private void sink(int top, int size, int row, float score) {
    int i = 0;
    while (2 * i + 1 < size) {
      int child = 2 * i + 1;
      int other = top + child + 1;
      if (child + 1 < size && worse(scores[other], rows[other], top + child)) {
        child++;
      }
      if (worse(score, row, top + child)) {
        break;
      }
      copy(top + child, top + i);
      i = child;
    }
    put(top + i, row, score);
  }

  private boolean worse(float score, int row, int than) {
    return score < scores[than] || (score == scores[than] && row > rows[than]);
  }

  private void copy(int from, int to) {
    put(to, rows[from], scores[from]);
  }

  private void put(int at, int row, float score) {
    rows[at] = row;
    scores[at] = score;
  }
}
