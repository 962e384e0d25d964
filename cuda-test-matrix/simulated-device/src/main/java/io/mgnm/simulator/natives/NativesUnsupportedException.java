package io.mgnm.simulator.natives;

/**
 * The stub libraries cannot exist on this machine, and the message says why and what would help.
 */
public final class NativesUnsupportedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NativesUnsupportedException(String message) {
    super(message);
  }

  public NativesUnsupportedException(String message, Throwable cause) {
    super(message, cause);
  }
}
