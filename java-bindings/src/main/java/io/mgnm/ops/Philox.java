package io.mgnm.ops;

/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3" (2011): four random words are a function of a key and a counter, and nothing else. So
 * every backend, thread and resumed run draws the same.
 *
 * <p>Everywhere in this project the key is the run's seed, its low half first, and the counter's
 * four words are: the purpose of the draw, the time (a step or an epoch), the sample, an index.
 * {@link BatchSampling} says which word of which counter is which of its draws.
 *
 * <pre>
 *   ten times: (h0, l0) = M0·c0;  (h1, l1) = M1·c2;  c ← (h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0);
 *              k ← (k0 + W0, k1 + W1)
 * </pre>
 */
public final class Philox {
  /** Purpose: the round keys of an epoch's order, {@link Feistel}. */
  public static final int EPOCH_ORDER = 1;

  /** Purpose: negatives of training. */
  public static final int TRAINING_NEGATIVE = 2;

  /** Purpose: initial routing logits of training. */
  public static final int TRAINING_LOGIT = 3;

  /** Purpose: initial routing logits of scoring. */
  public static final int SCORING_LOGIT = 4;

  /** Purpose: the negatives that an evaluation ranks a target among. */
  public static final int EVALUATION_NEGATIVE = 5;

  /** Purpose: initial values of parameters. */
  public static final int INITIAL_VALUE = 6;

  /** Purpose: the scores of a scorer that knows nothing. */
  public static final int RANDOM_SCORE = 7;

  /** Purpose: values that dropout sets to zero. */
  public static final int DROPOUT = 8;

  /** Purpose: the settings of a trial of a search. */
  public static final int TRIAL_SETTING = 9;

  /** Rounds. */
  public static final int ROUNDS = 10;

  /** M0, multiplies counter word 0. */
  public static final int MULTIPLIER_0 = 0xD2511F53;

  /** M1, multiplies counter word 2. */
  public static final int MULTIPLIER_1 = 0xCD9E8D57;

  /** W0, added to key word 0 after each round. */
  public static final int KEY_STEP_0 = 0x9E3779B9;

  /** W1, added to key word 1 after each round. */
  public static final int KEY_STEP_1 = 0xBB67AE85;

  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * The four random words of one counter.
   *
   * @param seed the key: its low half is key word 0, its high half key word 1
   * @param purpose counter word 0, one of the constants here
   * @param time counter word 1
   * @param sample counter word 2
   * @param index counter word 3
   * @param words of length 4, written
   */
  public static void words(long seed, int purpose, int time, int sample, int index, int[] words) {
    int key0 = (int) seed;
    int key1 = (int) (seed >>> 32);
    int c0 = purpose;
    int c1 = time;
    int c2 = sample;
    int c3 = index;
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = (MULTIPLIER_0 & LOW) * (c0 & LOW);
      long product1 = (MULTIPLIER_1 & LOW) * (c2 & LOW);
      c0 = (int) (product1 >>> 32) ^ c1 ^ key0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> 32) ^ c3 ^ key1;
      c3 = (int) product0;
      key0 += KEY_STEP_0;
      key1 += KEY_STEP_1;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
  }

  /**
   * A random integer below a bound: the high word of {@code word · bound}. Every result has the
   * same probability up to one part in 2³² / bound.
   *
   * @param word random, unsigned
   * @param bound at least 1
   */
  public static int bounded(int word, int bound) {
    return (int) (((word & LOW) * bound) >>> 32);
  }
}
