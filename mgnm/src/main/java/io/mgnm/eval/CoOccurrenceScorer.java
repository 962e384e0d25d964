package io.mgnm.eval;

import io.mgnm.data.Dataset;
import java.util.Arrays;

/**
 * Item co-occurrence: how often a candidate stands near the items of the history in the training
 * sequences.
 *
 * <pre>  score(x) = Σ_{q=0}^{19} 1/(1+q) · near(h_q, x) / count(h_q) </pre>
 *
 * <p>h_q is the q-th last item of the history, near(h, x) counts x within {@value #WINDOW} places
 * of an occurrence of h in a user's training events, either side. Of an item that occurs often, an
 * evenly spread {@value #OCCURRENCES} occurrences are looked at. Only an index of occurrences is
 * kept, never pairs.
 */
public final class CoOccurrenceScorer extends ItemScorer {
  private static final int WINDOW = 5;
  private static final int LAST = 20;
  private static final int OCCURRENCES = 2_000;

  private final Dataset data;
  private final int[] occurrences; // training events, item by item
  private final int[] offsets; // of each item in occurrences
  private final int[] begins; // of each training event's user
  private final int[] userOfEvent;
  private final ThreadLocal<float[]> sums;

  /** Indexes the data set's training period. */
  public CoOccurrenceScorer(Dataset data) {
    this.data = data;
    int[] counts = data.trainingCounts();
    offsets = new int[counts.length + 1];
    for (int item = 0; item < counts.length; item++) {
      offsets[item + 1] = offsets[item] + counts[item];
    }
    occurrences = new int[offsets[counts.length]];
    userOfEvent = new int[data.interactions()];
    begins = data.userOffsets();
    int[] next = offsets.clone();
    for (int user = 0; user < data.users(); user++) {
      for (int event = data.userBegin(user); event < data.userEnd(user); event++) {
        userOfEvent[event] = user;
        if (event < data.trainingEnd(user)) {
          occurrences[next[data.item(event)]++] = event;
        }
      }
    }
    sums = ThreadLocal.withInitial(() -> new float[data.items()]);
  }

  @Override
  public String name() {
    return "cooccurrence";
  }

  @Override
  Scores scores(Block block, int i) {
    float[] scores = sums.get();
    Arrays.fill(scores, 0);
    int[] history = block.history(i, LAST);
    for (int q = 0; q < history.length; q++) {
      add(history[history.length - 1 - q], 1f / (1 + q), scores);
    }
    return item -> scores[item];
  }

  private void add(int item, float weight, float[] scores) {
    int count = offsets[item + 1] - offsets[item];
    int stride = (count + OCCURRENCES - 1) / OCCURRENCES;
    float share = count == 0 ? 0 : weight * stride / count;
    for (int o = offsets[item]; o < offsets[item + 1]; o += stride) {
      int event = occurrences[o];
      int user = userOfEvent[event];
      int from = Math.max(begins[user], event - WINDOW);
      int to = Math.min(data.trainingEnd(user) - 1, event + WINDOW);
      for (int e = from; e <= to; e++) {
        int other = data.item(e);
        if (other != item) {
          scores[other] += share;
        }
      }
    }
  }
}
