package io.mgnm.simulator.driver;

import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;

import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** Device memory of a test, freed together. */
public final class DeviceFloats implements AutoCloseable {
  private final List<CUdeviceptr> all = new ArrayList<>();

  /** Memory that holds nothing yet. */
  public CUdeviceptr bytes(long count) {
    CUdeviceptr pointer = new CUdeviceptr();
    Gpu.check(cuMemAlloc(pointer, count));
    all.add(pointer);
    return pointer;
  }

  /** A copy of the values. */
  public CUdeviceptr of(float... values) {
    CUdeviceptr pointer = bytes(Math.max(4, 4L * values.length));
    if (values.length > 0) {
      Gpu.check(cuMemcpyHtoD(pointer, Pointer.to(values), 4L * values.length));
    }
    return pointer;
  }

  /** Waits and reads. */
  public static float[] read(CUdeviceptr pointer, int count) {
    float[] values = new float[count];
    Gpu.check(cuMemcpyDtoH(Pointer.to(values), pointer, 4L * count));
    return values;
  }

  @Override
  public void close() {
    all.forEach(pointer -> Gpu.check(cuMemFree(pointer)));
  }
}
