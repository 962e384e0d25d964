package io.mgnm.simulator.driver;

import java.util.Set;

/** An event: a place in a stream, once it was recorded. */
final class Event {
  private static final int DISABLE_TIMING = 2;

  final Context context;
  final int flags;

  /** The operation that marks the place; null before the first record. */
  Operation recorded;

  /** Where the event was recorded while capturing, or null. */
  Capture capture;

  Set<GraphNode> captured = Set.of();

  Event(Context context, int flags) {
    this.context = context;
    this.flags = flags;
  }

  boolean timed() {
    return (flags & DISABLE_TIMING) == 0;
  }
}
