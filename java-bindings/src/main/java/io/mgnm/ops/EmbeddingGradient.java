package io.mgnm.ops;

/**
 * {@code embedding_gradient}: the transpose of {@link EmbeddingGather}. Derivatives of gathered
 * rows are summed by table row: a stable sort of the ids, a scan that finds the distinct ones, and
 * a segmented reduction that adds each one's derivatives in the order of the batch. No atomics, so
 * the bits are those of that order.
 */
public interface EmbeddingGradient {

  /**
   * Sums for the item table: a row's derivatives are added first from the histories, in order, then
   * from the candidates.
   *
   * @param dX {@link Axis#ITEMS} × d, {@link Lifetime#KEPT}
   * @param dE {@link Axis#CANDIDATES} × d, {@link Lifetime#KEPT}
   * @param rows of width d, written; with the room that {@link Scope#rowGradients} asks for
   */
  void items(Batch batch, Tensor dX, Tensor dE, RowGradients rows);

  /**
   * Sums for the user table.
   *
   * @param dU {@link Axis#HISTORIES} × d, {@link Lifetime#KEPT}
   * @param rows of width d, written; with the room that {@link Scope#rowGradients} asks for
   */
  void users(Batch batch, Tensor dU, RowGradients rows);

  /**
   * Refuses derivatives that are not of the rows' width.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkItems(Tensor dX, Tensor dE, RowGradients rows) {
    Arguments.rows("embedding_gradient.items", "dX", dX, Axis.ITEMS, rows.width());
    Arguments.rows("embedding_gradient.items", "dE", dE, Axis.CANDIDATES, rows.width());
  }

  /**
   * Refuses derivatives that are not of the rows' width.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkUsers(Tensor dU, RowGradients rows) {
    Arguments.rows("embedding_gradient.users", "dU", dU, Axis.HISTORIES, rows.width());
  }
}
