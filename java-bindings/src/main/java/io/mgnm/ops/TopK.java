package io.mgnm.ops;

/**
 * {@code top_k}: scores of every item of the catalogue, kept only as far as they matter. Never a
 * histories × items matrix. The score of an item is that of {@link InterestReadout}.
 */
public interface TopK {

  /**
   * @param attention over what the softmax runs
   * @param readout how the levels' scores become one
   */
  record Options(InterestReadout.Attention attention, InterestReadout.Readout readout) {}

  /**
   * The k best items of each history: by score, larger first, then by row, smaller first.
   *
   * @param q capsules of {@link Axis#HISTORIES}, width d
   * @param table {@link Axis#FIXED}, one row of d values an item
   * @param excluded items never to name, ascending for each history
   * @param k items a history
   * @param ids histories · k, written; -1 where fewer items are left
   * @param scores {@link Axis#HISTORIES} × k, written; NaN where ids has -1
   */
  void best(
      Batch batch, Tensor q, Tensor table, RaggedIds excluded, int k, IntTensor ids, Tensor scores);

  /**
   * How a target compares with the rest of the catalogue.
   *
   * @param excluded items not to compare with, ascending for each history; the target itself never
   *     counts
   * @param targets one item row a history
   * @param counts 3·histories, written: items with a greater score, with an equal one, and with a
   *     score (or against a target's score) that is NaN
   */
  void rank(
      Batch batch, Tensor q, Tensor table, RaggedIds excluded, IntTensor targets, IntTensor counts);
}
