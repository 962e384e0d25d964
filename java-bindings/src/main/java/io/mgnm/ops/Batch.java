package io.mgnm.ops;

/**
 * A ragged batch in a backend's memory: which histories, items, users and candidates the next
 * operations work on. Either uploaded, or drawn by {@link BatchSampling} on the backend itself.
 */
public interface Batch {

  /** The capacity it was allocated with. */
  BatchShape shape();

  /** A tensor with one row of {@code width} values for everything {@code axis} stands for. */
  Tensor tensor(Axis axis, int width, Lifetime lifetime);

  /**
   * A tensor with {@code levels · interests} capsules of {@code width} values in every row.
   *
   * @param axis {@link Axis#ITEMS} or {@link Axis#HISTORIES}
   */
  Tensor capsules(Axis axis, int width, Lifetime lifetime);

  /**
   * Replaces what the batch holds.
   *
   * @throws IllegalArgumentException where it exceeds the capacity, or is inconsistent
   */
  void upload(Histories histories);

  /** What the batch holds now. */
  Histories download();
}
