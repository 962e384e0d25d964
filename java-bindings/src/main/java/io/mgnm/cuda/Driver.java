package io.mgnm.cuda;

import java.util.Set;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** The one place where the driver's return codes become exceptions. */
final class Driver {
  /** Faults after which a context answers every call with the same code. */
  private static final Set<Integer> DEADLY =
      Set.of(
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
          CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED);

  private Driver() {}

  /**
   * Checks a call that belongs to no context; those of one go through {@link CudaContext#check}.
   *
   * @throws CudaException unless {@code code} is success
   */
  static void check(String call, int code, Object... detail) {
    if (code != CUresult.CUDA_SUCCESS) {
      throw failure(call, code, detail);
    }
  }

  /**
   * @param detail what was being done, in pieces that are put together only now
   */
  static CudaException failure(String call, int code, Object... detail) {
    StringBuilder message = new StringBuilder(call).append(" returned ").append(text(code));
    for (int i = 0; i < detail.length; i++) {
      message.append(i == 0 ? "; " : "").append(detail[i]);
    }
    if (code == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      return new CudaOutOfMemoryException(call, code, message.toString());
    }
    return DEADLY.contains(code)
        ? new CudaContextDeadException(call, code, message.toString())
        : new CudaException(call, code, message.toString());
  }

  /** Name, number and the driver's own text of a code. */
  static String text(int code) {
    String[] name = {null};
    String[] text = {null};
    JCudaDriver.cuGetErrorName(code, name);
    JCudaDriver.cuGetErrorString(code, text);
    return (name[0] == null ? "an unknown code" : name[0])
        + " ("
        + code
        + (text[0] == null ? ")" : "): " + text[0]);
  }
}
