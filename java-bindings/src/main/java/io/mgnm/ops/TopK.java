package io.mgnm.ops;

/**
 * {@code top_k}: scores of every item of the catalogue, kept only as far as they matter. Never a
 * histories × items matrix. The score of an item is that of {@link InterestReadout}, to the bit on
 * one backend; it depends on the history and the item only, so equal rows have equal scores.
 *
 * <p>Results are exact and do not depend on how the work is shared out.
 */
public interface TopK {

  /**
   * @param attention over what the softmax runs
   * @param readout how the levels' scores become one
   */
  record Options(InterestReadout.Attention attention, InterestReadout.Readout readout) {}

  /**
   * The k best items of each history: by score, larger first, then by row, smaller first. An item
   * whose score is not a number is not named.
   *
   * @param q capsules of {@link Axis#HISTORIES}, width d, {@link Lifetime#KEPT}
   * @param table {@link Axis#FIXED}, one row of d values an item
   * @param excluded items never to name, ascending for each history
   * @param k items a history, at least 1
   * @param ids room for the batch's capacity of histories · k; written for those it holds, -1 where
   *     fewer items are left
   * @param scores {@link Axis#HISTORIES} × k, written; NaN where ids has -1
   */
  void best(
      Batch batch, Tensor q, Tensor table, RaggedIds excluded, int k, IntTensor ids, Tensor scores);

  /**
   * How a target compares with the rest of the catalogue.
   *
   * @param excluded items not to compare with, ascending for each history; the target itself never
   *     counts
   * @param targets one item row a history, for the batch's capacity. A row that the table does not
   *     have is an {@link IndexOutOfBoundsException}, or, where only a device sees it, gives counts
   *     of -1
   * @param counts three for each history, for the batch's capacity, written: items with a greater
   *     score, with an equal one, and with a score (or against a target's score) that is NaN
   */
  void rank(
      Batch batch, Tensor q, Tensor table, RaggedIds excluded, IntTensor targets, IntTensor counts);

  /**
   * Refuses arguments of other shapes than {@link #best} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkBest(Batch batch, Tensor q, Tensor table, int k, IntTensor ids, Tensor scores) {
    String operation = "top_k.best";
    Arguments.capsules(operation, "q", q, Axis.HISTORIES, batch.shape().d());
    Arguments.fixed(operation, "table", table, -1, batch.shape().d());
    if (k < 1) {
      throw new IllegalArgumentException(operation + ": k: expected at least 1, got " + k);
    }
    long room = Math.multiplyExact((long) batch.shape().histories(), k);
    Arguments.same(operation, "size of ids", room, ids.size());
    Arguments.rows(operation, "scores", scores, Axis.HISTORIES, k);
  }

  /**
   * Refuses arguments of other shapes than {@link #rank} says.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkRank(Batch batch, Tensor q, Tensor table, IntTensor targets, IntTensor counts) {
    String operation = "top_k.rank";
    Arguments.capsules(operation, "q", q, Axis.HISTORIES, batch.shape().d());
    Arguments.fixed(operation, "table", table, -1, batch.shape().d());
    int histories = batch.shape().histories();
    Arguments.same(operation, "size of targets", histories, targets.size());
    Arguments.same(operation, "size of counts", 3L * histories, counts.size());
  }
}
