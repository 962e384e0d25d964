package io.mgnm.simulator.driver;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuInit;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;

/** A context on a device, as a program under test would make it. */
public final class Gpu implements AutoCloseable {
  private final CUcontext context = new CUcontext();

  public Gpu(int ordinal) {
    check(cuInit(0));
    CUdevice device = new CUdevice();
    check(cuDeviceGet(device, ordinal));
    check(cuCtxCreate(context, 0, device));
  }

  /** Fails on any result but success. */
  public static void check(int result) {
    if (result != 0) {
      throw new AssertionError(
          "CUDA returned "
              + CudaResult.of(result)
              + " ("
              + result
              + "); trace: "
              + Machine.installed().trace().calls().getLast());
    }
  }

  @Override
  public void close() {
    check(cuCtxDestroy(context));
  }
}
