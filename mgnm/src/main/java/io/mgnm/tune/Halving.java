package io.mgnm.tune;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Successive halving (Jamieson and Talwalkar, 2016), by thirds: all trials train to the first rung,
 * the better third goes on to the next, whose epochs are three times as many.
 */
final class Halving {
  private static final int RATE = 3;
  private static final int RUNGS = 3;

  /** Better validation first, the earlier trial where it is equal. */
  static final Comparator<TrialResult> BETTER =
      Comparator.comparingDouble(TrialResult::ndcg5)
          .reversed()
          .thenComparingInt(TrialResult::trial);

  private Halving() {}

  /** Epochs of each rung, the last of which has all of them; fewer rungs where epochs are few. */
  static List<Integer> rungs(int epochs) {
    return IntStream.rangeClosed(1, RUNGS)
        .map(rung -> Math.ceilDiv(epochs, (int) Math.pow(RATE, RUNGS - rung)))
        .distinct()
        .boxed()
        .toList();
  }

  /** The trials that go on from a rung, the best first; one that failed does not. */
  static List<Integer> better(List<TrialResult> rung) {
    return rung.stream()
        .filter(result -> result.failure() == null)
        .sorted(BETTER)
        .limit(Math.ceilDiv(rung.size(), RATE))
        .map(TrialResult::trial)
        .toList();
  }
}
