package io.mgnm.ops;

/**
 * Owns memory of a backend: what is allocated here lives until the scope is closed. Closing is
 * idempotent and releases in reverse order. A tensor used after its scope was closed is an {@link
 * IllegalStateException}, never a crash.
 */
public interface Scope extends AutoCloseable {

  /** A float32 tensor of {@code rows} rows of {@code width} values, zero at first. */
  Tensor floats(int rows, int width);

  /** {@code size} 32-bit integers, zero at first. */
  IntTensor ints(int size);

  /** Room for batches up to {@code capacity}; empty at first. */
  Batch batch(BatchShape capacity);

  /** The state that a training step reads and advances, at step 0. */
  StepState stepState();

  /**
   * Room for the summed gradients of a batch's distinct rows of {@code width} values: {@code rows}
   * is how many rows the table has, or how many ids a batch, items and candidates together.
   * Whichever is less is enough; with fewer, a backend may find too little room.
   */
  RowGradients rowGradients(int rows, int width);

  /** Room for one list of ids a history, at most {@code ids} in all. */
  RaggedIds raggedIds(int histories, int ids);

  @Override
  void close();
}
