package io.mgnm.simulator.dnn;

import io.mgnm.simulator.driver.ApiException;

/** The result codes of cuDNN 9 that are used here ({@code cudnnStatus_t}). */
public enum DnnStatus {
  CUDNN_STATUS_SUCCESS(0),
  CUDNN_STATUS_NOT_INITIALIZED(1001),
  CUDNN_STATUS_BAD_PARAM(2000),
  CUDNN_STATUS_BAD_PARAM_NULL_POINTER(2002),
  CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER(2003),
  CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED(2004),
  CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND(2005),
  CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT(2006),
  CUDNN_STATUS_NOT_SUPPORTED(3000),
  CUDNN_STATUS_INTERNAL_ERROR(4000),
  CUDNN_STATUS_EXECUTION_FAILED(5000);

  private final int code;

  DnnStatus(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  static String nameOf(int code) {
    for (DnnStatus status : values()) {
      if (status.code == code) {
        return status.name();
      }
    }
    return "CUDNN_STATUS_" + code;
  }

  void unless(boolean condition, String message) {
    if (!condition) {
      throw new ApiException(code, message);
    }
  }
}
