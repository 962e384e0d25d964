package io.mgnm.ops;

/** A backend that was asked for cannot run here. The message has the reason and the remedy. */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Names the backend, the reason and the remedy. */
  public BackendUnavailableException(String message) {
    super(message);
  }

  /** The same, with the cause. */
  public BackendUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
