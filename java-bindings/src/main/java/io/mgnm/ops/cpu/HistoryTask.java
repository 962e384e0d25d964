package io.mgnm.ops.cpu;

/** What an operation does for the histories of one micro-batch. */
interface HistoryTask {
  /**
   * Once a run of its section, before the first micro-batch, on one thread: to bring fixed tensors,
   * which do not change inside a section, into the shape that {@link #run} wants.
   */
  default void prepare() {}

  void run(MicroBatch micro);
}
