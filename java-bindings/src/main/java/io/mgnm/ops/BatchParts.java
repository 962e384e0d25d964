package io.mgnm.ops;

import java.util.Locale;

/**
 * {@code batch_parts}: a batch worked through in parts, so that what lies between operations needs
 * room for one part only. Part i holds histories {@code [i·P, min((i + 1)·P, B))} of the whole, P
 * being the part's capacity; behind the last history parts are empty.
 *
 * <p>What operations make of a history does not depend on what else is in its batch, so rows that
 * are put back have the bits that they would have without parts. A sum over the batch is that of
 * its parts' sums, in their order: another order, and so other roundings.
 */
public interface BatchParts {

  /**
   * Fills a batch with a part of another.
   *
   * @param number of the part, from 0
   * @param part written; as long histories and as many candidates as the whole
   */
  void take(Batch whole, int number, Batch part);

  /**
   * Copies a part's rows to where they stand in the whole, and leaves its other rows as they are.
   *
   * @param part as {@link #take} filled it
   * @param rows of the part: {@link Axis#HISTORIES}, {@link Axis#ITEMS} or {@link Axis#CANDIDATES},
   *     no capsules, {@link Lifetime#KEPT}
   * @param into the same of the whole, written
   */
  void put(Batch whole, int number, Batch part, Tensor rows, Tensor into);

  /**
   * Adds a part's sum over its histories to the whole's; part 0 begins it.
   *
   * @param sum {@link Axis#FIXED}
   * @param total of the sum's size, read unless the number is 0, and written
   */
  void add(int number, Tensor sum, Tensor total);

  /**
   * Refuses a part that does not fit the whole.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkTake(Batch whole, int number, Batch part) {
    String operation = "batch_parts.take";
    BatchShape from = whole.shape();
    BatchShape to = part.shape();
    Arguments.same(operation, "candidates", from.candidates(), to.candidates());
    Arguments.same(operation, "maxLength", from.maxLength(), to.maxLength());
    long items = Math.min(from.items(), (long) to.histories() * to.maxLength());
    if (number < 0 || to.histories() < 1 || to.items() < items) {
      throw new IllegalArgumentException(
          "%s: expected a part from 0 of 1 history or more and %d items, got part %d of %d and %d"
              .formatted(operation, items, number, to.histories(), to.items()));
    }
  }

  /**
   * Refuses rows that are not the same of both batches.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkPut(Tensor rows, Tensor into) {
    String operation = "batch_parts.put";
    if (rows.axis() == Axis.FIXED || rows.axis() == Axis.PAIRS) {
      throw new IllegalArgumentException(
          operation
              + ": rows: expected histories, items or candidates, got "
              + rows.axis().name().toLowerCase(Locale.ROOT));
    }
    Arguments.rows(operation, "rows", rows, rows.axis(), rows.width());
    Arguments.rows(operation, "into", into, rows.axis(), rows.width());
  }

  /**
   * Refuses sums of other sizes.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkAdd(Tensor sum, Tensor total) {
    Arguments.block("batch_parts.add", "sum", sum, sum.size());
    Arguments.block("batch_parts.add", "total", total, sum.size());
  }
}
