package io.mgnm.bench;

/** Something that is timed: a step, or the scoring of a block. */
interface Workload extends AutoCloseable {

  /** Does it once; a device may still be at it afterwards. */
  void run();

  /** Waits until every run is done. */
  default void await() {}

  /** What one run got through. */
  long histories();

  /**
   * A figure that depends on everything that was computed since the start, to compare backends by:
   * a loss, a sum of scores.
   */
  double result();

  @Override
  void close();
}
