package io.mgnm.simulator.driver;

import java.util.LinkedHashSet;
import java.util.Set;

/** A stream: its operations run one after the other. */
final class Stream {
  final Context context;
  final int lane;
  final int flags;
  final int priority;
  final String name;

  /** The latest operation given, done or not. */
  Operation last;

  /** The capture under way, or null. */
  Capture capture;

  /** What the next captured node depends on. */
  final Set<GraphNode> captureTail = new LinkedHashSet<>();

  Stream(Context context, int lane, int flags, int priority, String name) {
    this.context = context;
    this.lane = lane;
    this.flags = flags;
    this.priority = priority;
    this.name = name;
  }

  /** Whether it waits for the legacy default stream and that for it. */
  boolean blocking() {
    return (flags & 1) == 0;
  }

  @Override
  public String toString() {
    return name;
  }
}
