package io.mgnm.config;

/** A setting that cannot be: the message has the key, what was expected and what came. */
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong. */
  public SettingsException(String message) {
    super(message);
  }
}
