package io.mgnm.cuda;

/** A kernel does not compile; the message has the compiler's words beside the lines they mean. */
public final class KernelCompileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String log;

  KernelCompileException(String message, String log) {
    super(message);
    this.log = log;
  }

  /** The compiler's log as it came. */
  public String log() {
    return log;
  }
}
