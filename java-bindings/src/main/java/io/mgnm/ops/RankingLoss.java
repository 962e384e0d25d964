package io.mgnm.ops;

/**
 * {@code ranking_loss}: cross-entropy of every level's scores, as sums. The first candidate of a
 * history has label 1, the others 0.
 *
 * <pre>
 *   logistic, equations (16) and (17):
 *     loss_b = Σ_l Σ_c max(y_cl, 0) − y_cl·label_c + log(1 + e^−|y_cl|)
 *     ẏ_cl = σ(y_cl) − label_c
 *   softmax over a history's candidates:
 *     loss_b = Σ_l log Σ_c e^y_cl − y_0l
 *     ẏ_cl = e^y_cl / Σ_c' e^y_c'l − label_c
 * </pre>
 *
 * <p>A score that is infinite or not a number gives a loss that is not finite, never 0, so that
 * {@link #total} sees it. Same bits from run to run.
 */
public interface RankingLoss {

  /**
   * @param scores width of y: L + 1, or 1 with joint attention
   * @param form of the probabilities
   */
  record Options(int scores, Form form) {}

  /** What makes probabilities of scores. */
  enum Form {
    /** Every candidate by itself: the paper's. */
    LOGISTIC,
    /** A history's candidates against each other. */
    SOFTMAX
  }

  /**
   * The loss and its derivative, which costs nothing beside it.
   *
   * @param y {@link Axis#CANDIDATES} × scores
   * @param loss {@link Axis#HISTORIES} × 1, written
   * @param dY {@link Axis#CANDIDATES} × scores, written; may be {@code y}
   */
  void forward(Batch batch, Tensor y, Tensor loss, Tensor dY);

  /**
   * Adds the batch's sums to the state, history by history, and how many histories and candidates
   * they are over. Where a sum is not finite the running step has failed, unless one before it has.
   *
   * @param loss as {@link #forward} wrote it
   * @param l1 {@link Axis#HISTORIES} × 1, Σ |A| of each history
   */
  void total(Batch batch, Tensor loss, Tensor l1, StepState state);

  /**
   * Refuses tensors of other shapes than {@link #forward} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkForward(Options options, Tensor y, Tensor loss, Tensor dY) {
    String operation = "ranking_loss.forward";
    Arguments.rows(operation, "y", y, Axis.CANDIDATES, options.scores());
    Arguments.rows(operation, "loss", loss, Axis.HISTORIES, 1);
    Arguments.rows(operation, "dY", dY, Axis.CANDIDATES, options.scores());
  }

  /**
   * Refuses tensors of other shapes than {@link #total} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkTotal(Tensor loss, Tensor l1) {
    Arguments.rows("ranking_loss.total", "loss", loss, Axis.HISTORIES, 1);
    Arguments.rows("ranking_loss.total", "l1", l1, Axis.HISTORIES, 1);
  }
}
