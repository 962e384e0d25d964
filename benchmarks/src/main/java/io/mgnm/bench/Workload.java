package io.mgnm.bench;

/** Something that is timed: a step, or the scoring of a block. */
interface Workload extends AutoCloseable {

  /** Does it once, and waits until it is done. */
  void run();

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
