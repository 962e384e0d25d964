package io.mgnm.eval;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A scorer that gives each item of one sample a number; samples are worked on by all cores. Base of
 * the scorers that stand beside the model's result.
 */
abstract class ItemScorer implements Scorer {

  /** Scores of items for one sample, by {@link #of}. Used by one thread. */
  interface Scores {
    float of(int item);
  }

  /** What is needed to score the items of sample i of the block. */
  abstract Scores scores(Block block, int i);

  @Override
  public void score(Block block, float[] scores) {
    IntStream.range(0, block.size())
        .parallel()
        .forEach(
            i -> {
              Scores own = scores(block, i);
              for (int c = i * block.width(); c < (i + 1) * block.width(); c++) {
                scores[c] = own.of(block.candidates()[c]);
              }
            });
  }

  @Override
  public void rank(Block block, int[] counts) {
    IntStream.range(0, block.size()).parallel().forEach(i -> rankOne(block, i, counts));
  }

  private void rankOne(Block block, int i, int[] counts) {
    Scores own = scores(block, i);
    int target = block.target(i);
    float score = own.of(target);
    int[] excluded = block.keepSeen() ? new int[0] : block.earlier(i);
    int greater = 0;
    int equal = 0;
    for (int item = 0; item < block.data().items(); item++) {
      if (item != target && Arrays.binarySearch(excluded, item) < 0) {
        float other = own.of(item);
        greater += other > score ? 1 : 0;
        equal += other == score ? 1 : 0;
      }
    }
    counts[2 * i] = greater;
    counts[2 * i + 1] = equal;
  }
}
