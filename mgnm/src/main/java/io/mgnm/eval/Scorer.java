package io.mgnm.eval;

/** Something that scores the candidates of samples. Scores of different samples never compare. */
public interface Scorer {

  /** How a report names it. */
  String name();

  /**
   * Scores all candidates of a block.
   *
   * @param scores samples × {@link Block#width()}, written
   */
  void score(Block block, float[] scores);

  /**
   * Compares each sample's target with the whole catalogue.
   *
   * @param counts samples × 2, written: items with a greater score, other items with an equal one
   * @throws ArithmeticException where a score is not a number
   */
  void rank(Block block, int[] counts);
}
