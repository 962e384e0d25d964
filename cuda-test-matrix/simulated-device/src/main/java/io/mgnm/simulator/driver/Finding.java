package io.mgnm.simulator.driver;

/**
 * Something the program under test did wrong, whether or not the driver would have told it.
 *
 * @param kind what sort of fault
 * @param message what happened, with the names and addresses involved
 */
public record Finding(Kind kind, String message) {
  /** Sorts of faults. */
  public enum Kind {
    /** A check inside a kernel: bounds, races, uninitialised reads and so on. */
    KERNEL,
    /** Two operations touch the same memory, one writes, and nothing orders them. */
    UNORDERED_ACCESS,
    /** The host changed pinned memory that a pending copy reads or writes. */
    HOST_MEMORY_REUSED,
    /** Memory was freed, unregistered or unloaded while a pending operation needs it. */
    FREED_WHILE_PENDING,
    USE_AFTER_FREE,
    /** A copy out of device memory read bytes that nothing ever wrote. */
    UNINITIALISED_READ,
    LEAK,
    /** A call that a real driver may accept or refuse, but that is wrong in any case. */
    MISUSE,
    /** The program needs something that the simulated device does not have. */
    UNSUPPORTED,
    /** A fault of the simulator itself. */
    INTERNAL
  }

  @Override
  public String toString() {
    return kind + ": " + message;
  }
}
