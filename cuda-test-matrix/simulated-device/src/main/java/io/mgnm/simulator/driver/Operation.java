package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Hold;
import java.util.ArrayList;
import java.util.List;

/** Work given to a device once, with what must come before it. */
final class Operation {
  final Context context;
  final Work work;
  final int lane;
  final int tick;
  final Clock clock;
  final String origin;

  /** What must be done before; emptied when done, so that old operations can be collected. */
  final List<Operation> after = new ArrayList<>();

  final List<Hold> holds = new ArrayList<>();
  final List<HostHold> hostHolds = new ArrayList<>();
  boolean done;

  /** Simulated time at which it ended, nanoseconds. */
  long ended;

  Operation(Context context, Work work, int lane, int tick, Clock clock, String origin) {
    this.context = context;
    this.work = work;
    this.lane = lane;
    this.tick = tick;
    this.clock = clock;
    this.origin = origin;
  }

  /** Whether streams, events and waits of the host order this operation before the other. */
  boolean before(Operation other) {
    return other.clock.of(lane) >= tick;
  }

  /** Whether the host knows it to be done. */
  boolean before(Clock host) {
    return host.of(lane) >= tick;
  }

  @Override
  public String toString() {
    return work.describe() + " (" + origin + ")";
  }
}
