package io.mgnm.simulator.memory;

/** What an operation does to a range of memory. */
public enum Access {
  READ,
  WRITE;

  /** Two operations on one range may go in either order only if both read. */
  public boolean conflictsWith(Access other) {
    return this == WRITE || other == WRITE;
  }
}
