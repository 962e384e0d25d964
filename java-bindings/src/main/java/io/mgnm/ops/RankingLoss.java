package io.mgnm.ops;

/**
 * {@code ranking_loss}, equations (16) and (17): binary cross-entropy of every level's score with
 * the logistic function, as sums. The first candidate of a history has label 1, the others 0.
 *
 * <pre>  loss_b = Σ_c Σ_l BCE(σ(y_cl), label_c);   ẏ_cl = σ(y_cl) − label_c </pre>
 */
public interface RankingLoss {

  /**
   * @param scores width of y: L + 1, or 1 with joint attention
   */
  record Options(int scores) {}

  /**
   * The loss and its derivative, which costs nothing beside it.
   *
   * @param y {@link Axis#CANDIDATES} × scores
   * @param loss {@link Axis#HISTORIES} × 1, written
   * @param dY {@link Axis#CANDIDATES} × scores, written; may be {@code y}
   */
  void forward(Batch batch, Tensor y, Tensor loss, Tensor dY);

  /**
   * Adds the batch's sums to the state, in a fixed order, and marks the step as failed where a sum
   * is not finite.
   *
   * @param loss as {@link #forward} wrote it
   * @param l1 {@link Axis#HISTORIES} × 1, Σ |A| of each history
   */
  void total(Batch batch, Tensor loss, Tensor l1, StepState state);
}
