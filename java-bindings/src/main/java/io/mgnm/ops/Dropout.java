package io.mgnm.ops;

/**
 * {@code dropout}: sets values of the items' rows to zero at random while training, and scales the
 * others so that the expectation stays (Srivastava et al., 2014).
 *
 * <pre>  x_tk ← 0 with probability p, else x_tk / (1 − p) </pre>
 *
 * <p>The draw is a function of the seed, the step, the sample and the place: value k of the item at
 * position i from the end of its history (0 is the last) takes word k mod 4 of the {@link Philox}
 * counter {@link Philox#DROPOUT}, the low 32 bits of the step's number from 0, the sample, and
 * {@code i·⌈d/4⌉ + ⌊k/4⌋}. It is dropped where the word, unsigned, is below {@link
 * Options#threshold}.
 *
 * <p>Applied to the derivative, the same call is its own backward. Every value is computed by
 * itself, so bits depend on nothing else.
 */
public interface Dropout {

  /**
   * @param seed of the run: the generator's key
   * @param rate p, in [0, 1)
   */
  record Options(long seed, double rate) {
    /** Checks the rate. */
    public Options {
      if (!(rate >= 0 && rate < 1)) {
        throw new IllegalArgumentException("dropout: rate: expected [0, 1), got " + rate);
      }
    }

    /** p·2³², rounded down: words below it drop a value. */
    public int threshold() {
      return (int) (long) (rate * 0x1p32);
    }

    /** What a value that stays is multiplied by, 1/(1 − p) in float. */
    public float scale() {
      return (float) (1 / (1 - rate));
    }
  }

  /**
   * Drops values of the rows of the step begun last.
   *
   * @param x {@link Axis#ITEMS} × d, updated
   */
  void apply(StepState state, Batch batch, Tensor x);

  /**
   * Refuses a tensor that is not a row of d values for every item.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(Batch batch, Tensor x) {
    Arguments.rows("dropout.apply", "x", x, Axis.ITEMS, batch.shape().d());
  }
}
