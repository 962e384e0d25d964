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
   * @param dX {@link Axis#ITEMS} × d
   * @param dE {@link Axis#CANDIDATES} × d
   * @param rows written
   */
  void items(Batch batch, Tensor dX, Tensor dE, RowGradients rows);

  /**
   * Sums for the user table.
   *
   * @param dU {@link Axis#HISTORIES} × d
   * @param rows written
   */
  void users(Batch batch, Tensor dU, RowGradients rows);
}
