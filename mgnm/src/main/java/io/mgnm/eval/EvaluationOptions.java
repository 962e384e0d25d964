package io.mgnm.eval;

import io.mgnm.data.Part;

/**
 * How samples are evaluated.
 *
 * @param part which samples
 * @param negatives of each sample, or {@link #FULL} for the whole catalogue
 * @param keepSeen whether the user's earlier items compete when the whole catalogue does
 * @param ties which place a target takes among equal scores
 * @param pooled whether a user's candidates are pooled and the best positive ranked ({@code
 *     metrics.unit: user}), instead of each sample by itself
 */
public record EvaluationOptions(
    Part part, int negatives, boolean keepSeen, Ties ties, boolean pooled) {
  /** All items instead of drawn negatives. */
  public static final int FULL = -1;

  /** Samples of a part against drawn negatives, ties averaged. */
  public static EvaluationOptions sampled(Part part, int negatives) {
    return new EvaluationOptions(part, negatives, true, Ties.AVERAGE, false);
  }

  /** Whether the whole catalogue competes. */
  public boolean full() {
    return negatives == FULL;
  }
}
