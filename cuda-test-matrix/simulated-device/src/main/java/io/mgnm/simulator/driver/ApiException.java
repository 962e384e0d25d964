package io.mgnm.simulator.driver;

/** Ends an API call with an error code, and says why in words that the code cannot. */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int code;

  public ApiException(int code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  public ApiException(CudaResult result, String message) {
    this(result.code(), message);
  }

  public int code() {
    return code;
  }
}
