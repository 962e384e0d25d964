package io.mgnm.eval;

import io.mgnm.data.Dataset;
import io.mgnm.ops.Feistel;
import io.mgnm.ops.Philox;
import java.util.Arrays;

/**
 * The candidates of a sample: its target, then uniform distinct negatives, none of them the target
 * or an earlier item of the user. Keyed by seed and sample: one list for ever.
 *
 * <p>The negatives are a keyed permutation of the catalogue, walked until enough items are found;
 * so they are distinct without a set, and a small catalogue needs no special case.
 */
final class CandidateLists {
  private final Dataset data;
  private final long seed;
  private final int negatives;
  private final ThreadLocal<int[]> stamps;
  private final ThreadLocal<Feistel> orders;

  /**
   * @param negatives wanted of each sample
   * @param seed of the evaluation, not of the model
   */
  CandidateLists(Dataset data, int negatives, long seed) {
    this.data = data;
    this.seed = seed;
    this.negatives = negatives;
    this.orders = ThreadLocal.withInitial(() -> new Feistel(data.items()));
    this.stamps =
        ThreadLocal.withInitial(
            () -> {
              int[] fresh = new int[data.items()];
              Arrays.fill(fresh, -1);
              return fresh;
            });
  }

  /** Candidates of a sample, the target included, where the catalogue has enough. */
  int width() {
    return 1 + negatives;
  }

  /**
   * Writes the candidates of {@code sample} to {@code into[from …]}; where there are fewer, the
   * rest repeats the target.
   *
   * @return how many there are, the target included
   */
  int draw(int sample, int[] into, int from) {
    int[] stamp = stamps.get(); // stamp[item] == sample: not to be drawn
    int event = data.sampleEvent(sample);
    int target = data.item(event);
    for (int e = data.userBegin(data.sampleUser(sample)); e <= event; e++) {
      stamp[data.item(e)] = sample;
    }
    into[from] = target;
    int count = 1;
    Feistel order = orders.get();
    order.key(seed, Philox.EVALUATION_NEGATIVE, sample);
    for (int i = 0; i < data.items() && count < width(); i++) {
      int item = order.apply(i);
      if (stamp[item] != sample) {
        into[from + count] = item;
        count++;
      }
    }
    Arrays.fill(into, from + count, from + width(), target);
    return count;
  }
}
