package io.mgnm.simulator.driver;

import java.util.List;

/**
 * What an operation of a stream, or a node of a graph, does. Immutable: a graph runs it again and
 * again.
 */
abstract class Work {
  /** {@code CUgraphNodeType} of a node that does this. */
  abstract int nodeType();

  /** For reports: what is done, with sizes and addresses. */
  abstract String describe();

  /** Device memory known to be touched before running; exact unless {@link #guessed}. */
  List<MemoryRange> ranges() {
    return List.of();
  }

  /** Whether {@link #ranges} only says what may be touched (the pointer arguments of a kernel). */
  boolean guessed() {
    return false;
  }

  /** Host memory that is read or written when the operation runs. */
  List<HostRange> hostRanges() {
    return List.of();
  }

  /**
   * Whether the program may think it done when the call returns: a copy from pageable memory, whose
   * bytes were taken. To free its target then is no fault, and a free waits for it.
   */
  boolean looksDone() {
    return false;
  }

  /** Does it. Exceptions are faults of the device and end the context. */
  abstract void run(Operation operation);

  /** Simulated duration, nanoseconds. */
  long nanoseconds() {
    return 2_000;
  }
}
