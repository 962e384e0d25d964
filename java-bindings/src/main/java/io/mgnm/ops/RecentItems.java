package io.mgnm.ops;

/**
 * {@code recent_items}: a recency-weighted mean of a history's items is added to every capsule's
 * output, past graph, routing and encoder: a residual, as in sequential recommenders that keep the
 * last items' rows beside what they make of the sequence. It is not in the paper.
 *
 * <pre>
 *   o_s ← o_s + w Σ_t a_t x_t,   a_t = 1 / ((n − t) H(n)),   t = 0 … n − 1
 *   H(n) = 1 + 1/2 + … + 1/n
 * </pre>
 *
 * <p>n is the history's length and s any capsule of it. The weights a sum to one: the last item has
 * 1/H(n), the one before it half as much, and so on. Backward, where the derivative by o before the
 * addition is that after it:
 *
 * <pre>  ẋ_t ← ẋ_t + w a_t Σ_s ȯ_s </pre>
 *
 * <p>A history's results do not depend on what else is in the batch. Same bits from run to run.
 */
public interface RecentItems {

  /**
   * How much the items count.
   *
   * @param weight w, above 0
   */
  record Options(double weight) {
    /** Checks the weight. */
    public Options {
      if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "recent_items: weight: expected a finite number above 0, got " + weight);
      }
    }
  }

  /**
   * Adds the mean of a history's items to its capsules.
   *
   * @param x {@link Axis#ITEMS} × d
   * @param o capsules of {@link Axis#HISTORIES}, width d, updated
   */
  void forward(Batch batch, Tensor x, Tensor o);

  /**
   * Adds to the items' derivative what comes by way of the capsules.
   *
   * @param dO the derivative by o, capsules of {@link Axis#HISTORIES}, width d
   * @param dX the derivative by x, {@link Axis#ITEMS} × d, updated
   */
  void backward(Batch batch, Tensor dO, Tensor dX);

  /**
   * Refuses tensors that do not have the batch's shape.
   *
   * @param items x or its derivative
   * @param outputs o or its derivative
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(String direction, Batch batch, Tensor items, Tensor outputs) {
    String operation = "recent_items." + direction;
    int d = batch.shape().d();
    Arguments.rows(operation, "items", items, Axis.ITEMS, d);
    Arguments.capsules(operation, "outputs", outputs, Axis.HISTORIES, d);
  }
}
