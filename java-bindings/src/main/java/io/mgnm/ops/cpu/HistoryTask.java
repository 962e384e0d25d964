package io.mgnm.ops.cpu;

/** What an operation does for the histories of one micro-batch. */
interface HistoryTask {
  void run(MicroBatch micro);
}
