package io.mgnm.eval;

import io.mgnm.data.Dataset;

/** How often an item occurs in the training period. */
public final class PopularityScorer extends ItemScorer {
  private final int[] counts;

  /** Counts of the data set's training period. */
  public PopularityScorer(Dataset data) {
    counts = data.trainingCounts();
  }

  @Override
  public String name() {
    return "popularity";
  }

  @Override
  Scores scores(Block block, int i) {
    return item -> counts[item];
  }
}
