package io.mgnm.cuda;

/** The device has no room; the message says what was asked for and who holds how much. */
public final class CudaOutOfMemoryException extends CudaException {
  private static final long serialVersionUID = 1L;

  /** As {@link CudaException}. */
  public CudaOutOfMemoryException(String call, int code, String message) {
    super(call, code, message);
  }
}
