package io.mgnm.cuda;

/** A call of the driver or the compiler failed; the message has the call, its code and text. */
public class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final int code;

  /**
   * @param call the C function that failed
   * @param code what it returned
   * @param message call, code, the library's own text, and what was being done
   */
  public CudaException(String call, int code, String message) {
    super(message);
    this.call = call;
    this.code = code;
  }

  /** A failed status of a library on top of the driver, with the library's own word for it. */
  static CudaException of(String call, int status, String text) {
    return new CudaException(call, status, call + " returned " + text + " (" + status + ")");
  }

  /** The C function that failed, such as {@code cuLaunchKernel}. */
  public String call() {
    return call;
  }

  /** What it returned: a {@code CUresult}, or the status of the library that was called. */
  public int code() {
    return code;
  }
}
