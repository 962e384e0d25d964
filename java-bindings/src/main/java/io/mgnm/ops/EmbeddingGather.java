package io.mgnm.ops;

/**
 * {@code embedding_gather}: copies the rows of a batch's items, users and candidates.
 *
 * <pre>  X[t] = V[item_t];   u_b = U[user_b];   E[b·C + c] = V[candidate_bc] </pre>
 *
 * <p>Every id must be a row of its table. The host's backends refuse another with an {@link
 * IndexOutOfBoundsException}.
 */
public interface EmbeddingGather {

  /**
   * @param items {@link Axis#FIXED} M × d
   * @param users {@link Axis#FIXED} N × d
   * @param x {@link Axis#ITEMS} × d, written
   * @param u {@link Axis#HISTORIES} × d, written
   * @param e {@link Axis#CANDIDATES} × d, written
   */
  void forward(Batch batch, Tensor items, Tensor users, Tensor x, Tensor u, Tensor e);

  /**
   * Refuses tensors of other shapes than {@link #forward} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(Batch batch, Tensor items, Tensor users, Tensor x, Tensor u, Tensor e) {
    String operation = "embedding_gather.forward";
    int d = batch.shape().d();
    Arguments.fixed(operation, "items", items, -1, d);
    Arguments.fixed(operation, "users", users, -1, d);
    Arguments.rows(operation, "x", x, Axis.ITEMS, d);
    Arguments.rows(operation, "u", u, Axis.HISTORIES, d);
    Arguments.rows(operation, "e", e, Axis.CANDIDATES, d);
  }
}
