package io.mgnm.ops.cpu;

/** What an operation does for the histories of one micro-batch. */
interface HistoryTask {
  void run(MicroBatch micro);

  /**
   * Called by one thread at each start of the section, before any history: here weights, which no
   * operation of the section changes, are packed once for all.
   */
  default void begin() {}
}
