package io.mgnm.simulator.driver;

import java.util.Arrays;

/**
 * A vector clock: for each lane (a stream, or a branch of a graph launch) how many of its
 * operations are known to have happened before. Answers whether streams, events and waits of the
 * host order two operations, whatever the order in which the simulator ran them.
 */
final class Clock {
  private int[] ticks;

  Clock() {
    ticks = new int[4];
  }

  Clock(Clock other) {
    ticks = other.ticks.clone();
  }

  int of(int lane) {
    return lane < ticks.length ? ticks[lane] : 0;
  }

  void advance(int lane, int tick) {
    if (lane >= ticks.length) {
      ticks = Arrays.copyOf(ticks, Math.max(lane + 1, ticks.length * 2));
    }
    ticks[lane] = Math.max(ticks[lane], tick);
  }

  /** Keeps of each lane what both know. */
  void meet(Clock other) {
    for (int i = 0; i < ticks.length; i++) {
      ticks[i] = Math.min(ticks[i], other.of(i));
    }
  }

  void join(Clock other) {
    if (other.ticks.length > ticks.length) {
      ticks = Arrays.copyOf(ticks, other.ticks.length);
    }
    for (int i = 0; i < other.ticks.length; i++) {
      ticks[i] = Math.max(ticks[i], other.ticks[i]);
    }
  }
}
