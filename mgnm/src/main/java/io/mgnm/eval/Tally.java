package io.mgnm.eval;

import java.util.Arrays;

/**
 * Turns one scorer's scores into metrics, pooling the candidates of a user until the next comes.
 */
final class Tally {
  private final Metrics metrics;
  private final boolean pooled;
  private final Listener listener;
  private int user = -1;
  private float[] positives = new float[1];
  private float[] negatives = new float[1 << 10];
  private int positiveCount;
  private int negativeCount;

  /** Told of each sample's rank. */
  interface Listener {
    void rank(int sample, int greater, int equal);
  }

  Tally(Metrics metrics, boolean pooled, Listener listener) {
    this.metrics = metrics;
    this.pooled = pooled;
    this.listener = listener;
  }

  /** Adds sample i of a block from the scores of its candidates. */
  void addScored(Block block, int i, float[] scores) {
    if (block.user(i) != user) {
      finish();
      user = block.user(i);
    }
    int begin = i * block.width();
    int end = begin + block.counts()[i];
    float target = requireNumber(scores[begin], block.samples()[i]);
    int greater = 0;
    int equal = 0;
    ensureRoom(end - begin);
    positives[positiveCount++] = target;
    for (int c = begin + 1; c < end; c++) {
      float other = requireNumber(scores[c], block.samples()[i]);
      greater += other > target ? 1 : 0;
      equal += other == target ? 1 : 0;
      negatives[negativeCount++] = other;
    }
    listener.rank(block.samples()[i], greater, equal);
    if (!pooled) {
      metrics.add(greater, equal);
    }
  }

  /**
   * Adds sample i of a block from its target's place in the catalogue. The area is the sample's
   * own: pooling would need the scores of all items for all samples of a user.
   */
  void addRanked(Block block, int i, int greater, int equal) {
    listener.rank(block.samples()[i], greater, equal);
    metrics.add(greater, equal);
    int others = block.data().items() - 1 - (block.keepSeen() ? 0 : block.earlier(i).length);
    if (others > 0) {
      metrics.addArea(1 - (greater + 0.5 * equal) / others, others + 1.0);
    }
  }

  /** Counts what is pooled for the last user. */
  void finish() {
    if (positiveCount > 0 && negativeCount > 0) {
      Arrays.sort(negatives, 0, negativeCount);
      double area = 0;
      float best = Float.NEGATIVE_INFINITY;
      for (int p = 0; p < positiveCount; p++) {
        int less = firstNotBelow(positives[p]);
        area += less + 0.5 * (firstAbove(positives[p]) - less);
        best = Math.max(best, positives[p]);
      }
      metrics.addArea(
          area / ((double) positiveCount * negativeCount), positiveCount + (double) negativeCount);
      if (pooled) {
        int above = firstAbove(best);
        metrics.add(negativeCount - above, above - firstNotBelow(best));
      }
    }
    positiveCount = 0;
    negativeCount = 0;
  }

  /** How many sorted negatives are below {@code score}. */
  private int firstNotBelow(float score) {
    int low = 0;
    int high = negativeCount;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (negatives[middle] < score) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** How many sorted negatives are not above {@code score}. */
  private int firstAbove(float score) {
    int low = 0;
    int high = negativeCount;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (negatives[middle] <= score) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private void ensureRoom(int candidates) {
    if (positiveCount == positives.length) {
      positives = Arrays.copyOf(positives, 2 * positiveCount);
    }
    if (negativeCount + candidates > negatives.length) {
      negatives =
          Arrays.copyOf(negatives, Math.max(2 * negatives.length, negativeCount + candidates));
    }
  }

  private static float requireNumber(float score, int sample) {
    if (Float.isNaN(score)) {
      throw new ArithmeticException("sample " + sample + " has a score that is not a number");
    }
    return score;
  }
}
