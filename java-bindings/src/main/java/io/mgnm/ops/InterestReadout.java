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
 * The interests do not depend on the candidate. The derivative of ReLU at 0 is 0.
 */
public interface InterestReadout {

  /** What becomes of a capsule's output. */
  enum Projection {
    /** {@code ReLU(o W')}, (11). */
    RELU,
    /** {@code q = o}, as the released code does; W' is neither read nor given a derivative. */
    NONE
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
}
