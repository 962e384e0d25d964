package io.mgnm.ops;

/**
 * {@code interest_readout}, equations (11) to (15): interests, and their scores of candidates.
 *
 * <pre>
 *   q[l,i] = ReLU(o[l,i] · W'_i)                                              (11)
 *   s_j = q[l,j] · x;   a = softmax_K(s);   y_l = Σ_j a_j s_j                  (12)-(14)
 *   score = max_l y_l, or Σ_l y_l                                            (15)
 * </pre>
 *
 * <p>With {@link Attention#JOINT} the softmax runs over all (L + 1)·K interests and there is one y.
 * The interests do not depend on the candidate. The derivative of ReLU at 0 is 0:
 *
 * <pre>
 *   w_j = a_j (1 + s_j − y);   ẋ = Σ_l ẏ_l Σ_j w_j q_j;   q̇_j = Σ_x ẏ w_j x
 *   ȯ = (q̇ ⊙ [q > 0]) · W'ᵀ;   Ẇ' = Σ oᵀ (q̇ ⊙ [q > 0])
 * </pre>
 *
 * <p>With {@link Projection#RELU_BIAS} the last value of q is 1 instead, and counts as 0 in [q >
 * 0]: it depends on nothing.
 *
 * <p>A score that is not a number stays so: neither ReLU nor the maximum hides it. A history's
 * results do not depend on what else is in the batch. Same bits from run to run.
 */
public interface InterestReadout {

  /** What becomes of a capsule's output. */
  enum Projection {
    /** {@code ReLU(o W')}, (11). */
    RELU,
    /**
     * (11), but the last value of q is 1. So the last value of an item's row is added to each of
     * its scores: a bias of the item.
     */
    RELU_BIAS,
    /** {@code q = o}, as the released code does; w and dW are not looked at, and may be null. */
    NONE;

    /** Whether there is W'. */
    public boolean hasWeights() {
      return this != NONE;
    }
  }

  /** Over what the attention's softmax runs. */
  enum Attention {
    /** The K interests of each level: one y a level. */
    LEVEL,
    /** All interests of all levels: one y. */
    JOINT
  }

  /** How the levels' scores become one, in inference only. */
  enum Readout {
    /** (15). */
    MAX,
    /** Figure 7's variant. */
    SUM
  }

  /**
   * @param projection what becomes of a capsule's output
   * @param attention over what the softmax runs
   * @param readout how the levels' scores become one
   */
  record Options(Projection projection, Attention attention, Readout readout) {

    /** Scores a candidate: L + 1, or 1 with joint attention. */
    public int scores(int levels) {
      return attention == Attention.JOINT ? 1 : levels;
    }
  }

  /**
   * (11).
   *
   * @param o capsules of {@link Axis#HISTORIES}, width d
   * @param w {@link Axis#FIXED} K·d × d, {@code [interest][in][out]}
   * @param q capsules of {@link Axis#HISTORIES}, width d, written
   */
  void interests(Batch batch, Tensor o, Tensor w, Tensor q);

  /**
   * (12) to (14).
   *
   * @param q as {@link #interests} wrote it
   * @param e {@link Axis#CANDIDATES} × d
   * @param y {@link Axis#CANDIDATES} × {@link Options#scores}, written
   */
  void scores(Batch batch, Tensor q, Tensor e, Tensor y);

  /**
   * (15).
   *
   * @param score {@link Axis#CANDIDATES} × 1, written
   */
  void readout(Batch batch, Tensor y, Tensor score);

  /**
   * The derivative of {@link #interests} and {@link #scores}.
   *
   * @param dY the derivative by y
   * @param dO written
   * @param dW written: the sum over the batch
   * @param dE written
   */
  void backward(
      Batch batch,
      Tensor o,
      Tensor w,
      Tensor q,
      Tensor e,
      Tensor dY,
      Tensor dO,
      Tensor dW,
      Tensor dE);

  /**
   * Refuses tensors of other shapes than {@link #interests} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkInterests(
      String direction, Options options, Batch batch, Tensor o, Tensor w, Tensor q) {
    String operation = "interest_readout." + direction;
    int d = batch.shape().d();
    Arguments.capsules(operation, "o", o, Axis.HISTORIES, d);
    Arguments.capsules(operation, "q", q, Axis.HISTORIES, d);
    if (options.projection().hasWeights()) {
      int rows = Math.multiplyExact(batch.shape().interests(), d);
      Arguments.fixed(operation, "w", w, rows, d);
    }
  }

  /**
   * Refuses tensors of other shapes than {@link #scores} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkScores(
      String direction, Options options, Batch batch, Tensor q, Tensor e, Tensor y) {
    String operation = "interest_readout." + direction;
    BatchShape shape = batch.shape();
    Arguments.capsules(operation, "q", q, Axis.HISTORIES, shape.d());
    Arguments.rows(operation, "e", e, Axis.CANDIDATES, shape.d());
    Arguments.rows(operation, "y", y, Axis.CANDIDATES, options.scores(shape.levels()));
  }

  /**
   * Refuses tensors of other shapes than {@link #backward} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkBackward(
      Options options,
      Batch batch,
      Tensor o,
      Tensor w,
      Tensor q,
      Tensor e,
      Tensor dY,
      Tensor dO,
      Tensor dW,
      Tensor dE) {
    String direction = "backward";
    checkInterests(direction, options, batch, o, w, q);
    checkInterests(direction, options, batch, dO, dW, q);
    checkScores(direction, options, batch, q, e, dY);
    checkScores(direction, options, batch, q, dE, dY);
  }

  /**
   * Refuses tensors of other shapes than {@link #readout} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkReadout(Options options, Batch batch, Tensor y, Tensor score) {
    String operation = "interest_readout.readout";
    int scores = options.scores(batch.shape().levels());
    Arguments.rows(operation, "y", y, Axis.CANDIDATES, scores);
    Arguments.rows(operation, "score", score, Axis.CANDIDATES, 1);
  }
}
