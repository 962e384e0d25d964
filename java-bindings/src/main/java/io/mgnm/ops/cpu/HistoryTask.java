package io.mgnm.ops.cpu;

/** What an operation does for the histories of one micro-batch. */
interface HistoryTask {
  /**
   * Once a run of its section, before the first micro-batch, on one thread: to bring fixed tensors,
   * which no operation of a section changes, into the shape that {@link #run} wants.
   */
  default void begin() {}

  void run(MicroBatch micro);
}
