package io.mgnm.eval;

import io.mgnm.ops.Philox;

/** Keyed noise: where arithmetic alone puts a scorer. */
public final class RandomScorer extends ItemScorer {
  private final long seed;

  /** Noise of that seed. */
  public RandomScorer(long seed) {
    this.seed = seed;
  }

  @Override
  public String name() {
    return "random";
  }

  @Override
  Scores scores(Block block, int i) {
    int sample = block.samples()[i];
    int[] words = new int[4];
    return item -> {
      Philox.words(seed, Philox.RANDOM_SCORE, 0, sample, item, words);
      return words[0] >>> 8; // 24 bits fill a float's mantissa: equal scores are rare
    };
  }
}
