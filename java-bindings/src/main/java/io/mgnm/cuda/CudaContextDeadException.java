package io.mgnm.cuda;

/**
 * A fault on the device, such as an illegal address, has ended the context: its memory is lost and
 * no further call can work. Close it; a new one needs a new process on most systems.
 */
public final class CudaContextDeadException extends CudaException {
  private static final long serialVersionUID = 1L;

  /** As {@link CudaException}. */
  public CudaContextDeadException(String call, int code, String message) {
    super(call, code, message);
  }

  /** A later call on a context that died of {@code first}. */
  CudaContextDeadException(CudaContextDeadException first) {
    super(first.call(), first.code(), "this CUDA context is dead since: " + first.getMessage());
    initCause(first);
  }
}
