package io.mgnm.simulator.driver;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_CONTEXT;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_DEVICE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_HANDLE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_INITIALIZED;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_SUPPORTED;
import static jcuda.driver.CUresult.CUDA_ERROR_NO_DEVICE;
import static jcuda.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY;
import static jcuda.driver.JCudaDriver.cuCtxGetCurrent;
import static jcuda.driver.JCudaDriver.cuCtxGetDevice;
import static jcuda.driver.JCudaDriver.cuCtxPopCurrent;
import static jcuda.driver.JCudaDriver.cuCtxPushCurrent;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuGetErrorName;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemAllocManaged;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemcpy;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.driver.Finding.Kind;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.Test;

/** Devices, contexts, the trace and planned faults. */
@SimulatedCuda
class ContextsTest {

  @Test
  void nothingWorksBeforeInit() {
    assertThat(cuDeviceGetCount(new int[1])).isEqualTo(CUDA_ERROR_NOT_INITIALIZED);
    assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(CUDA_ERROR_NOT_INITIALIZED);
    Gpu.check(cuInit(0));
    assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(CUDA_ERROR_INVALID_CONTEXT);
  }

  @Test
  @SimulatedCuda(devices = 0)
  void aMachineMayHaveNoDevice() {
    assertThat(cuInit(0)).isEqualTo(CUDA_ERROR_NO_DEVICE);
  }

  private static int attribute(int attribute) {
    CUdevice device = new CUdevice();
    Gpu.check(cuInit(0));
    Gpu.check(cuDeviceGet(device, 0));
    int[] value = new int[1];
    Gpu.check(cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }

  @Test
  @SimulatedCuda(computeCapability = "7.5")
  void capability75() {
    assertThat(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)).isEqualTo(7);
    assertThat(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN))
        .isEqualTo(64 * 1024);
  }

  @Test
  @SimulatedCuda(computeCapability = "8.6")
  void capability86() {
    assertThat(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN))
        .isEqualTo(99 * 1024);
  }

  @Test
  void capability90() {
    assertThat(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN))
        .isEqualTo(227 * 1024);
    assertThat(attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)).isEqualTo(132);
    byte[] name = new byte[64];
    CUdevice device = new CUdevice();
    Gpu.check(cuDeviceGet(device, 0));
    Gpu.check(cuDeviceGetName(name, name.length, device));
    assertThat(new String(name, java.nio.charset.StandardCharsets.UTF_8)).contains("H100");
    assertThat(cuDeviceGetAttribute(new int[1], 9999, device)).isEqualTo(CUDA_ERROR_INVALID_VALUE);
  }

  @Test
  @SimulatedCuda(devices = 2)
  void twoDevicesHaveDifferentAddresses() {
    assertThat(cuInit(0)).isZero();
    assertThat(cuDeviceGet(new CUdevice(), 2)).isEqualTo(CUDA_ERROR_INVALID_DEVICE);
    try (Gpu first = new Gpu(0);
        Gpu second = new Gpu(1)) {
      CUdevice device = new CUdevice();
      Gpu.check(cuCtxGetDevice(device));
      CUdeviceptr there = new CUdeviceptr();
      Gpu.check(cuMemAlloc(there, 4));
      Gpu.check(cuMemsetD32(there, 42, 1));
      Gpu.check(cuCtxSynchronize());
      CUcontext popped = new CUcontext();
      Gpu.check(cuCtxPopCurrent(popped));
      CUdeviceptr here = new CUdeviceptr();
      Gpu.check(cuMemAlloc(here, 4));
      assertThat(here).isNotEqualTo(there);
      Gpu.check(cuMemcpy(here, there, 4));
      int[] received = new int[1];
      Gpu.check(cuMemcpyDtoH(Pointer.to(received), here, 4));
      assertThat(received[0]).isEqualTo(42);
      Gpu.check(cuMemFree(here));
      Gpu.check(cuCtxPushCurrent(popped));
      Gpu.check(cuMemFree(there));
    }
  }

  @Test
  void primaryContextsAreCounted(Machine machine) {
    Gpu.check(cuInit(0));
    CUdevice device = new CUdevice();
    Gpu.check(cuDeviceGet(device, 0));
    CUcontext context = new CUcontext();
    CUcontext again = new CUcontext();
    Gpu.check(cuDevicePrimaryCtxRetain(context, device));
    Gpu.check(cuDevicePrimaryCtxRetain(again, device));
    assertThat(again).isEqualTo(context);
    Gpu.check(cuCtxSetCurrent(context));
    Gpu.check(cuMemAlloc(new CUdeviceptr(), 64));
    Gpu.check(cuDevicePrimaryCtxRelease(device));
    assertThat(machine.findings().isEmpty()).isTrue();
    Gpu.check(cuDevicePrimaryCtxRelease(device));
    assertThat(machine.findings().take()).extracting(Finding::kind).containsExactly(Kind.LEAK);
  }

  @Test
  void currentContextsBelongToThreads() throws InterruptedException {
    try (Gpu gpu = new Gpu(0)) {
      CUcontext mine = new CUcontext();
      Gpu.check(cuCtxGetCurrent(mine));
      AtomicInteger without = new AtomicInteger(-1);
      AtomicInteger with = new AtomicInteger(-1);
      Thread thread =
          new Thread(
              () -> {
                without.set(cuCtxSynchronize());
                cuCtxSetCurrent(mine);
                with.set(cuCtxSynchronize());
              });
      thread.start();
      thread.join();
      assertThat(without).hasValue(CUDA_ERROR_INVALID_CONTEXT);
      assertThat(with).hasValue(0);
    }
  }

  @Test
  @SimulatedCuda(memoryBytes = 1 << 20)
  void memoryHasAnEnd() {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr most = new CUdeviceptr();
      Gpu.check(cuMemAlloc(most, 1000 * 1024));
      assertThat(cuMemAlloc(new CUdeviceptr(), 100 * 1024)).isEqualTo(CUDA_ERROR_OUT_OF_MEMORY);
      long[] free = new long[1];
      long[] total = new long[1];
      Gpu.check(cuMemGetInfo(free, total));
      assertThat(free[0]).isEqualTo(24 * 1024);
      assertThat(total[0]).isEqualTo(1 << 20);
      Gpu.check(cuMemFree(most));
    }
  }

  @Test
  void wrongHandlesAreRefused() {
    try (Gpu gpu = new Gpu(0)) {
      CUstream never = new CUstream();
      assertThat(cuStreamDestroy(never)).isEqualTo(CUDA_ERROR_INVALID_HANDLE);
    }
  }

  @Test
  void unimplementedFunctionsSaySo(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      assertThat(cuMemAllocManaged(new CUdeviceptr(), 4, 1)).isEqualTo(CUDA_ERROR_NOT_SUPPORTED);
    }
    assertThat(machine.findings().take())
        .extracting(Finding::toString)
        .containsExactly("UNSUPPORTED: the simulated device does not implement cuMemAllocManaged");
  }

  @Test
  void plannedFaultsHappenAndAreTraced(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      machine.faults().fail("cuMemAlloc_v2", 2, CUDA_ERROR_OUT_OF_MEMORY);
      CUdeviceptr first = new CUdeviceptr();
      CUdeviceptr third = new CUdeviceptr();
      Gpu.check(cuMemAlloc(first, 4));
      assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(CUDA_ERROR_OUT_OF_MEMORY);
      Gpu.check(cuMemAlloc(third, 4));
      Gpu.check(cuMemFree(first));
      Gpu.check(cuMemFree(third));
      assertThat(machine.faults().allHappened()).isTrue();
      assertThat(machine.trace().calls("cuMemAlloc_v2"))
          .extracting(CallTrace.Call::result)
          .containsExactly(0, CUDA_ERROR_OUT_OF_MEMORY, 0);
      assertThat(machine.trace().calls().getFirst().function()).isEqualTo("cuInit");
    }
  }

  @Test
  void errorsHaveNames() {
    String[] name = new String[1];
    Gpu.check(cuGetErrorName(700, name));
    assertThat(name[0]).isEqualTo("CUDA_ERROR_ILLEGAL_ADDRESS");
  }
}
