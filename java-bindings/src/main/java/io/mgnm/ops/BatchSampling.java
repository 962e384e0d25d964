package io.mgnm.ops;

/**
 * {@code batch_sampling}: which samples a step trains on, their histories, negatives and initial
 * routing logits, drawn from a counter-based generator ({@link Philox}) so that the same seed gives
 * the same integers on every backend.
 *
 * <p>Step s (from 0) of a run takes samples {@code [j·B, min((j+1)·B, n))} of the epoch's order,
 * {@code j = s mod ⌈n/B⌉}. The order of epoch {@code s / ⌈n/B⌉} is a keyed Feistel permutation of
 * the n samples ({@link Feistel}): no array, the same everywhere.
 *
 * <p>A sample is a user and an event of hers, the target. Its history is the last {@code maxLength}
 * events before the target. Negatives are uniform over the catalogue, or by popularity, with
 * replacement; one that is the target or in the history as fed is drawn again, up to {@link
 * #ATTEMPTS} times in all, and then kept as it is.
 */
public interface BatchSampling {

  /** Draws for one negative, at most. */
  int ATTEMPTS = 32;

  /**
   * @param seed of the run: the generator's key
   * @param byPopularity whether negatives follow {@link Samples#weights} instead of being uniform
   */
  record Options(long seed, boolean byPopularity) {}

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
   */
  record Samples(
      IntTensor events,
      IntTensor userOffsets,
      IntTensor sampleUsers,
      IntTensor sampleEvents,
      IntTensor catalogue,
      IntTensor weights) {

    /** n. */
    public int count() {
      return sampleUsers.size();
    }
  }

  /** Begins the state's next step: counts it and fills the batch with its histories. */
  void draw(Samples samples, StepState state, Batch batch);

  /**
   * Initial logits of the step begun last: a standard normal truncated to |x| < 2 by inverse CDF,
   * keyed by step, sample and {@code ((position from the end) · (L + 1) + level) · K + interest}.
   *
   * @param logits capsules of {@link Axis#ITEMS}, width 1, written
   */
  void trainingLogits(StepState state, Batch batch, Tensor logits);

  /**
   * The fixed draw that scoring uses: keyed like {@link #trainingLogits} but for every history the
   * same, so a history's interests depend on nothing but the history and the model.
   */
  void scoringLogits(Batch batch, Tensor logits);

  /** Zeros, for {@code routing.init: zeros}. */
  void zeroLogits(Batch batch, Tensor logits);
}
