package io.mgnm.ops;

/**
 * The capacity of a batch and the sizes that are constant in a run.
 *
 * @param histories B, at most
 * @param items T, over all histories, at most
 * @param maxLength items of one history, at most
 * @param candidates C, candidates of each history, exactly
 * @param d embedding size
 * @param levels L + 1
 * @param interests K
 */
public record BatchShape(
    int histories, int items, int maxLength, int candidates, int d, int levels, int interests) {

  /** Checks that every size is possible. */
  public BatchShape {
    atLeast(0, histories, "histories");
    atLeast(0, items, "items");
    atLeast(1, maxLength, "maxLength");
    atLeast(0, candidates, "candidates");
    atLeast(1, d, "d");
    atLeast(1, levels, "levels");
    atLeast(1, interests, "interests");
  }

  /** Capsules, and so sequences, of one history: (L + 1) · K. */
  public int capsules() {
    return levels * interests;
  }

  private static void atLeast(int least, int value, String name) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", got " + value);
    }
  }
}
