package io.mgnm.simulator.driver;

import io.mgnm.simulator.natives.CallHandler;
import io.mgnm.simulator.natives.StubLibrary;

/** The driver as a library of simulated machines. */
public final class CudaDriver {
  private CudaDriver() {}

  /** The stub library and which of its functions Java implements. */
  public static StubLibrary library() {
    return new StubLibrary(
        "libcuda.so.1",
        false,
        CudaResult.CUDA_ERROR_NOT_SUPPORTED.code(),
        StubLibrary.symbolsOf(StubLibrary.class, "libcuda.txt"),
        Machine.driverCalls());
  }

  public static CallHandler handler() {
    return new LibraryHandler(
        CudaResult.CUDA_ERROR_NO_DEVICE.code(),
        CudaResult.CUDA_ERROR_NOT_SUPPORTED.code(),
        CudaResult.CUDA_ERROR_UNKNOWN.code());
  }
}
