package io.mgnm.simulator.driver;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Pinned memory that a pending operation reads or writes, with what it held at the call: what the
 * host writes there in between is seen by comparing.
 */
final class HostHold {
  final HostRange range;
  final Operation operation;
  private byte[] expected;

  HostHold(HostRange range, Operation operation) {
    this.range = range;
    this.operation = operation;
    refresh();
  }

  /** Takes the present content as the expected one: a device operation or callback changed it. */
  void refresh() {
    expected = range.segment().toArray(ValueLayout.JAVA_BYTE);
  }

  /** Offset of the first byte that changed, or -1. */
  long firstChange() {
    return range.segment().mismatch(MemorySegment.ofArray(expected));
  }
}
