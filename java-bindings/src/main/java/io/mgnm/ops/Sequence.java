package io.mgnm.ops;

/** A recorded straight line of operations: no read-back, no branch on data. */
public interface Sequence extends AutoCloseable {

  /** Runs the operations in their order, on what their tensors hold now. */
  void run();

  /** Releases what the recording holds; the tensors belong to their scopes. Idempotent. */
  @Override
  void close();
}
