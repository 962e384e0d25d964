package io.mgnm.simulator.memory;

/** A use of device memory from the host side that a device would refuse, or that is a bug. */
public final class DeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  public enum Kind {
    OUT_OF_MEMORY,
    /** No allocation, live or freed, holds the range. */
    OUT_OF_BOUNDS,
    USE_AFTER_FREE,
    DOUBLE_FREE,
    /** The address given to free is not the start of an allocation. */
    NOT_AN_ALLOCATION,
    /** A pending operation still needs the range. */
    STILL_NEEDED
  }

  private final Kind kind;
  private final long address;

  DeviceMemoryException(Kind kind, long address, String message) {
    super(message);
    this.kind = kind;
    this.address = address;
  }

  public Kind kind() {
    return kind;
  }

  public long address() {
    return address;
  }
}
