package io.mgnm.ops;

/** {@code embedding_gather}: copies the rows of a batch's items, users and candidates. */
public interface EmbeddingGather {

  /**
   * @param items {@link Axis#FIXED} M × d
   * @param users {@link Axis#FIXED} N × d
   * @param x {@link Axis#ITEMS} × d, written
   * @param u {@link Axis#HISTORIES} × d, written
   * @param e {@link Axis#CANDIDATES} × d, written
   */
  void forward(Batch batch, Tensor items, Tensor users, Tensor x, Tensor u, Tensor e);
}
