package io.mgnm.ops;

import java.util.Arrays;

/**
 * {@code batch_sampling}: which samples a step trains on, their histories, negatives and initial
 * routing logits, drawn from a counter-based generator ({@link Philox}) so that the same seed gives
 * the same integers on every backend; and, for a softmax over all items, the correction of scores
 * by how likely their items are drawn.
 *
 * <p>Step s (from 0) of a run takes places {@code [j·B, min((j+1)·B, n))} of the epoch's order,
 * {@code j = s mod ⌈n/B⌉}, as histories 0, 1, … of the batch. The order of epoch {@code s / ⌈n/B⌉}
 * is a keyed {@link Feistel} permutation of the n samples: no array, the same everywhere.
 *
 * <p>A sample is a user and an event of hers, the target. Its history is the last {@code maxLength}
 * events before the target. Its first candidate is the target, the others are negatives: uniform
 * over the catalogue, or by popularity, with replacement; one that is the target or in the history
 * as fed is drawn again, up to {@link #ATTEMPTS} times in all, and then kept as it is.
 *
 * <p>Which word of which counter is which draw (s: the low 32 bits of the step's number from 0;
 * sample: the number in [0, n), not the place in the batch):
 *
 * <pre>
 *   draw                          purpose            time   sample  index              word
 *   round key i of the order      EPOCH_ORDER        epoch  0       ⌊i/4⌋              i mod 4
 *   attempt a of negative j       TRAINING_NEGATIVE  s      sample  8j + ⌊a/4⌋         a mod 4
 *   training logit i              TRAINING_LOGIT     s      sample  16⌊i/64⌋ + i mod 16  ⌊i/16⌋ mod 4
 *   scoring logit i               SCORING_LOGIT      0      0       16⌊i/64⌋ + i mod 16  ⌊i/16⌋ mod 4
 * </pre>
 *
 * <p>Negative j (from 0) is candidate j + 1; a counts from 0. Uniform, word r draws entry {@link
 * Philox#bounded}(r, size of the catalogue). Logit i is {@link TruncatedNormal} of its word, i =
 * {@code ((position from the end) · (L + 1) + level) · K + interest}, the last item being at
 * position 0: sixteen counters side by side give 64 consecutive logits, a vector of 16 a word.
 *
 * <p>Every logit, drawn or zero, is then lowered by r · 2^−k · position for interest k, r being
 * {@link Options#recency}: attention with linear biases (Press et al., 2022), so that each interest
 * begins with a reach of its own.
 */
public interface BatchSampling {

  /** Draws for one negative, at most. */
  int ATTEMPTS = 32;

  /**
   * @param seed of the run: the generator's key
   * @param byPopularity whether negatives follow {@link Samples#weights} instead of being uniform
   * @param recency r: how much interest 0's logit falls with every position from the end
   */
  record Options(long seed, boolean byPopularity, double recency) {

    /** Logits that do not look at the position. */
    public Options(long seed, boolean byPopularity) {
      this(seed, byPopularity, 0);
    }

    /** By how much interest k's logit falls with every position: r · 2^−k. */
    public float slope(int interest) {
      return Math.scalb((float) recency, -interest);
    }
  }

  /**
   * A data set's training part in a backend's memory.
   *
   * @param events item rows of all users' events, user by user, oldest first
   * @param userOffsets where each user's events begin, users + 1
   * @param sampleUsers the user of each sample, n
   * @param sampleEvents the index of each sample's target in {@code events}, n
   * @param catalogue the item rows that negatives come from
   * @param weights cumulative popularity of the catalogue as unsigned 32-bit thresholds: entry i is
   *     drawn by a random word r with {@code weights[i-1] <= r < weights[i]}, the last entry
   *     counting as 2³²; of the catalogue's size, or empty where negatives are uniform
   * @param logQ {@link #logProbabilities} of the items × 1, or of no rows where {@link #correct} is
   *     never called
   */
  record Samples(
      IntTensor events,
      IntTensor userOffsets,
      IntTensor sampleUsers,
      IntTensor sampleEvents,
      IntTensor catalogue,
      IntTensor weights,
      Tensor logQ) {

    /** n. */
    public int count() {
      return sampleUsers.size();
    }

    /**
     * The thresholds that make entry i of the catalogue as likely as its weight: cumulative sums,
     * scaled to 2³². The last entry closes the range whatever its threshold says.
     *
     * @param weights not negative, at least one above 0
     */
    public static int[] thresholds(double[] weights) {
      double total = 0;
      for (double weight : weights) {
        total += weight;
      }
      if (!(total > 0) || total == Double.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "popularity: expected a finite sum above 0, got " + total);
      }
      int[] thresholds = new int[weights.length];
      double sum = 0;
      for (int i = 0; i < weights.length; i++) {
        if (!(weights[i] >= 0)) {
          throw new IllegalArgumentException("popularity of entry " + i + " is " + weights[i]);
        }
        sum += weights[i];
        thresholds[i] = (int) (long) Math.min(sum / total * 0x1p32, 0xFFFFFFFFL);
      }
      return thresholds;
    }

    /**
     * The logarithm of the probability with which one draw of a negative gives each item, the same
     * bits everywhere. An item that is never drawn can still be a positive: it counts as one of
     * those that are drawn least, so that every value is finite.
     *
     * @param items rows of the item table
     * @param catalogue as uploaded
     * @param weights as uploaded
     */
    public static float[] logProbabilities(int items, int[] catalogue, int[] weights) {
      if (weights.length > 0) {
        Arguments.same(
            "batch_sampling.logProbabilities",
            "weights beside the catalogue",
            catalogue.length,
            weights.length);
      }
      double[] shares = new double[items];
      for (int entry = 0; entry < catalogue.length; entry++) {
        shares[catalogue[entry]] += share(entry, catalogue.length, weights);
      }
      double least = Arrays.stream(shares).filter(share -> share > 0).min().orElse(1);
      float[] logarithms = new float[items];
      for (int item = 0; item < items; item++) {
        logarithms[item] = (float) StrictMath.log(Math.max(shares[item], least));
      }
      return logarithms;
    }

    /** The share of all words that draws an entry. */
    private static double share(int entry, int entries, int[] weights) {
      if (weights.length == 0) {
        return 1.0 / entries;
      }
      double begin = entry == 0 ? 0 : Integer.toUnsignedLong(weights[entry - 1]);
      double end = entry == entries - 1 ? 0x1p32 : Integer.toUnsignedLong(weights[entry]);
      return (end - begin) * 0x1p-32;
    }
  }

  /**
   * Begins the state's next step: counts it and fills the batch with its histories. B is the
   * batch's capacity for histories; its {@code maxLength} cuts them.
   */
  void draw(Samples samples, StepState state, Batch batch);

  /**
   * Initial logits of the step begun last: a standard normal truncated to |x| < 2.
   *
   * @param logits capsules of {@link Axis#ITEMS}, width 1, written
   */
  void trainingLogits(StepState state, Batch batch, Tensor logits);

  /**
   * The fixed draw that scoring uses: keyed like {@link #trainingLogits} but for every history the
   * same, so a history's interests depend on nothing but the history and the model.
   */
  void scoringLogits(Batch batch, Tensor logits);

  /** Zeros but for {@link Options#recency}, for {@code routing.init: zeros}. */
  void zeroLogits(Batch batch, Tensor logits);

  /**
   * Sampled softmax with logQ correction (Bengio and Senécal, 2008): with {@code y_cs ← y_cs −
   * logQ[item_c]} for every candidate c, the positive too, the softmax over a history's candidates
   * estimates that over all items, however negatives are drawn. Derivatives by the scores are those
   * by the results.
   *
   * @param logQ as in {@link Samples}, with a row for every candidate's item
   * @param scores {@link Axis#CANDIDATES} × S, changed in place
   */
  void correct(Batch batch, Tensor logQ, Tensor scores);

  /**
   * Refuses what no batch can be drawn from or into.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkDraw(Options options, Samples samples, Batch batch) {
    String operation = "batch_sampling.draw";
    BatchShape shape = batch.shape();
    int n = samples.count();
    atLeast(operation, "samples", 1, n);
    Arguments.same(operation, "sample events beside users", n, samples.sampleEvents().size());
    atLeast(operation, "capacity for histories", 1, shape.histories());
    atLeast(
        operation,
        "capacity for items",
        (long) Math.min(n, shape.histories()) * shape.maxLength(),
        shape.items());
    atLeast(operation, "candidates", 1, shape.candidates());
    if (shape.candidates() > 1) {
      atLeast(operation, "catalogue", 1, samples.catalogue().size());
    }
    if (options.byPopularity()) {
      Arguments.same(
          operation,
          "weights beside the catalogue",
          samples.catalogue().size(),
          samples.weights().size());
    }
  }

  /**
   * Refuses a tensor that is not one logit for every capsule of every item.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkLogits(String method, Tensor logits) {
    Arguments.capsules("batch_sampling." + method, "logits", logits, Axis.ITEMS, 1);
  }

  /**
   * Refuses tensors of other shapes than {@link #correct} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkCorrect(Tensor logQ, Tensor scores) {
    String operation = "batch_sampling.correct";
    Arguments.fixed(operation, "logQ", logQ, -1, 1);
    atLeast(operation, "rows of logQ", 1, logQ.rows());
    Arguments.rows(operation, "scores", scores, Axis.CANDIDATES, scores.width());
  }

  private static void atLeast(String operation, String what, long least, long came) {
    if (came < least) {
      throw new IllegalArgumentException(
          operation + ": " + what + ": expected at least " + least + ", got " + came);
    }
  }
}
