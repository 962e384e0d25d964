package io.mgnm.simulator.exec;

/**
 * The kernel did what ends it on a device (or would hang it). The launch is over; memory is as the
 * kernel left it.
 */
public final class DeviceFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What the kernel did. */
  public enum Kind {
    OUT_OF_BOUNDS_GLOBAL,
    OUT_OF_BOUNDS_SHARED,
    OUT_OF_BOUNDS_LOCAL,
    OUT_OF_BOUNDS_PARAM,
    USE_AFTER_FREE,
    WRITE_TO_CONSTANT,
    MISALIGNED,
    BARRIER_DIVERGENCE,
    WRONG_MASK,
    DEADLOCK,
    TRAP,
    ASSERT,
    /** The launch's own limit of instructions for a warp is reached: an endless loop. */
    ENDLESS
  }

  private final Kind kind;
  private final transient Location location;
  private final transient ThreadId thread;
  private final long address;

  public DeviceFault(Kind kind, Location location, ThreadId thread, long address, String message) {
    super(String.format("%s: %s; %s, %s", kind, message, location, thread));
    this.kind = kind;
    this.location = location;
    this.thread = thread;
    this.address = address;
  }

  public Kind kind() {
    return kind;
  }

  public Location location() {
    return location;
  }

  /** The thread, or the first of those that met it. */
  public ThreadId thread() {
    return thread;
  }

  /** The address concerned, 0 where there is none. */
  public long address() {
    return address;
  }
}
