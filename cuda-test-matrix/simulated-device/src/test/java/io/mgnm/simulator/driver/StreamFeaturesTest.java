package io.mgnm.simulator.driver;

import static jcuda.driver.CUjit_option.CU_JIT_ERROR_LOG_BUFFER;
import static jcuda.driver.CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_HANDLE;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_READY;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuLaunchHostFunc;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemHostRegister;
import static jcuda.driver.JCudaDriver.cuMemHostUnregister;
import static jcuda.driver.JCudaDriver.cuMemcpy2D;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataJIT;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.driver.Finding.Kind;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JITOptions;
import org.junit.jupiter.api.Test;

/** Host functions, rectangles, timing, registered memory, and the JIT's log. */
@SimulatedCuda
class StreamFeaturesTest {
  private static CUdeviceptr allocate(long bytes) {
    CUdeviceptr pointer = new CUdeviceptr();
    Gpu.check(cuMemAlloc(pointer, bytes));
    return pointer;
  }

  private static CUstream stream() {
    CUstream stream = new CUstream();
    Gpu.check(cuStreamCreate(stream, 1));
    return stream;
  }

  @Test
  void hostFunctionsRunInTheirTurn() {
    try (Gpu gpu = new Gpu(0)) {
      CUstream stream = stream();
      List<Object> called = new ArrayList<>();
      Gpu.check(cuLaunchHostFunc(stream, called::add, "first"));
      Gpu.check(cuLaunchHostFunc(stream, called::add, "second"));
      assertThat(called).isEmpty();
      Gpu.check(cuStreamSynchronize(stream));
      assertThat(called).containsExactly("first", "second");
      Gpu.check(cuStreamDestroy(stream));
    }
  }

  @Test
  void rectanglesAreCopied() {
    try (Gpu gpu = new Gpu(0)) {
      int[] source = new int[30];
      java.util.Arrays.setAll(source, i -> i);
      CUdeviceptr device = allocate(4 * 24);
      Gpu.check(cuMemsetD32(device, -1, 24));
      CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
      copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
      copy.srcHost = Pointer.to(source);
      copy.srcPitch = 4 * 10;
      copy.srcXInBytes = 4 * 2;
      copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
      copy.dstDevice = device;
      copy.dstPitch = 4 * 8;
      copy.dstY = 1;
      copy.WidthInBytes = 4 * 3;
      copy.Height = 2;
      Gpu.check(cuMemcpy2D(copy));
      int[] result = new int[24];
      Gpu.check(cuMemcpyDtoH(Pointer.to(result), device, 4 * 24));
      assertThat(result)
          .startsWith(-1, -1, -1, -1, -1, -1, -1, -1, 2, 3, 4, -1)
          .endsWith(12, 13, 14, -1, -1, -1, -1, -1);
      Gpu.check(cuMemFree(device));
    }
  }

  @Test
  void eventsHaveConsistentTimes() {
    try (Gpu gpu = new Gpu(0)) {
      CUstream stream = stream();
      CUdeviceptr device = allocate(64);
      CUevent start = new CUevent();
      CUevent end = new CUevent();
      CUevent untimed = new CUevent();
      Gpu.check(cuEventCreate(start, 0));
      Gpu.check(cuEventCreate(end, 0));
      Gpu.check(cuEventCreate(untimed, 2));
      Gpu.check(cuEventRecord(start, stream));
      Gpu.check(cuMemsetD32Async(device, 1, 16, stream));
      Gpu.check(cuEventRecord(end, stream));
      float[] milliseconds = new float[1];
      assertThat(cuEventElapsedTime(milliseconds, start, end)).isEqualTo(CUDA_ERROR_NOT_READY);
      Gpu.check(cuEventSynchronize(end));
      Gpu.check(cuEventElapsedTime(milliseconds, start, end));
      assertThat(milliseconds[0]).isPositive();
      assertThat(cuEventElapsedTime(milliseconds, start, untimed))
          .isEqualTo(CUDA_ERROR_INVALID_HANDLE);
      for (CUevent event : List.of(start, end, untimed)) {
        Gpu.check(cuEventDestroy(event));
      }
      Gpu.check(cuMemFree(device));
      Gpu.check(cuStreamDestroy(stream));
    }
  }

  @Test
  void registeredMemoryIsPinned(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      CUstream stream = stream();
      CUdeviceptr device = allocate(64);
      ByteBuffer host = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
      Pointer pointer = Pointer.to(host);
      Gpu.check(cuMemHostRegister(pointer, 64, 0));
      Gpu.check(cuMemcpyHtoDAsync(device, pointer, 64, stream));
      host.putInt(60, 9);
      Gpu.check(cuStreamSynchronize(stream));
      Gpu.check(cuMemHostUnregister(pointer));
      Gpu.check(cuMemFree(device));
      Gpu.check(cuStreamDestroy(stream));
      Gpu.check(cuCtxSynchronize());
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.HOST_MEMORY_REUSED);
  }

  /** Work of a stream that was destroyed at once still runs, and the context's wait covers it. */
  @Test
  void destroyedStreamsFinishTheirWork() {
    try (Gpu gpu = new Gpu(0)) {
      CUstream stream = stream();
      CUdeviceptr device = allocate(64);
      Gpu.check(cuMemsetD32Async(device, 7, 16, stream));
      Gpu.check(cuStreamDestroy(stream));
      Gpu.check(cuCtxSynchronize());
      int[] result = new int[16];
      Gpu.check(cuMemcpyDtoH(Pointer.to(result), device, 64));
      assertThat(result).containsOnly(7);
      Gpu.check(cuMemFree(device));
    }
  }

  @Test
  void theJitsLogSaysWhatIsWrong(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      JITOptions options = new JITOptions();
      options.putInt(CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, 1024);
      options.putBytes(CU_JIT_ERROR_LOG_BUFFER, new byte[1024]);
      byte[] image =
          (Kernels.VECTOR_ADD.replace("ret;", "return;") + "\0")
              .getBytes(java.nio.charset.StandardCharsets.UTF_8);
      assertThat(cuModuleLoadDataJIT(new CUmodule(), Pointer.to(image), options)).isNotZero();
      assertThat(options.getString(CU_JIT_ERROR_LOG_BUFFER)).contains("PTX line");
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNSUPPORTED);
  }
}
