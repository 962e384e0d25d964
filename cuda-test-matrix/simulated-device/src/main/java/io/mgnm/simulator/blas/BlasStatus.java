package io.mgnm.simulator.blas;

import io.mgnm.simulator.driver.ApiException;

/** The result codes of cuBLAS that are used here ({@code cublasStatus_t}). */
public enum BlasStatus {
  CUBLAS_STATUS_SUCCESS(0, "success"),
  CUBLAS_STATUS_NOT_INITIALIZED(1, "the library was not initialized"),
  CUBLAS_STATUS_ALLOC_FAILED(3, "the resource allocation failed"),
  CUBLAS_STATUS_INVALID_VALUE(7, "an invalid value was passed"),
  CUBLAS_STATUS_ARCH_MISMATCH(8, "the device lacks a required feature"),
  CUBLAS_STATUS_MAPPING_ERROR(11, "an access to GPU memory failed"),
  CUBLAS_STATUS_EXECUTION_FAILED(13, "the function failed to launch on the GPU"),
  CUBLAS_STATUS_INTERNAL_ERROR(14, "an internal operation failed"),
  CUBLAS_STATUS_NOT_SUPPORTED(15, "the functionality is not supported");

  private final int code;
  private final String text;

  BlasStatus(int code, String text) {
    this.code = code;
    this.text = text;
  }

  public int code() {
    return code;
  }

  String text() {
    return text;
  }

  static BlasStatus of(int code) {
    for (BlasStatus status : values()) {
      if (status.code == code) {
        return status;
      }
    }
    return null;
  }

  /** Refuses an argument. */
  static void require(boolean condition, String message) {
    if (!condition) {
      throw new ApiException(CUBLAS_STATUS_INVALID_VALUE.code, message);
    }
  }
}
