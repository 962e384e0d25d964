package io.mgnm.simulator.blas;

import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasSaxpy;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetPointerMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSetWorkspace;
import static jcuda.jcublas.JCublas2.cublasSgeam;
import static jcuda.jcublas.JCublas2.cublasSgemm;
import static jcuda.jcublas.JCublas2.cublasSgemmStridedBatched;
import static jcuda.jcublas.JCublas2.cublasSgemv;
import static jcuda.jcublas.JCublas2.cublasSger;
import static jcuda.jcublas.cublasStatus.CUBLAS_STATUS_INVALID_VALUE;
import static jcuda.jcublas.cublasStatus.CUBLAS_STATUS_NOT_INITIALIZED;
import static jcuda.jcublas.cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.driver.DeviceFloats;
import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.Finding.Kind;
import io.mgnm.simulator.driver.Gpu;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Random;
import java.util.function.Consumer;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasPointerMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** cuBLAS through JCublas2 against products in plain Java. */
@SimulatedCuda
class CuBlasTest {
  private static final Pointer TWO = Pointer.to(new float[] {2});
  private static final Pointer HALF = Pointer.to(new float[] {0.5f});
  private static final Pointer ZERO = Pointer.to(new float[] {0});

  private final Random random = new Random(11);

  private static void withBlas(Consumer<Session> body) {
    try (Gpu gpu = new Gpu(0);
        Session session = new Session()) {
      body.accept(session);
    }
  }

  /** A handle and the memory used with it. */
  private static final class Session implements AutoCloseable {
    final cublasHandle handle = new cublasHandle();
    final DeviceFloats memory = new DeviceFloats();

    Session() {
      Gpu.check(cublasCreate(handle));
    }

    @Override
    public void close() {
      memory.close();
      Gpu.check(cublasDestroy(handle));
    }
  }

  private float[] random(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({"0,0,5,7,3", "1,0,1,17,16", "0,1,33,2,9", "1,1,8,8,31", "0,0,4,4,0"})
  void products(int transA, int transB, int m, int n, int k) {
    int lda = (transA == 0 ? m : k) + 2;
    int ldb = (transB == 0 ? k : n) + 1;
    int ldc = m + 3;
    int batch = 3;
    int strideA = lda * Math.max(m, k);
    int strideB = ldb * Math.max(n, k);
    int strideC = ldc * n;
    float[] a = random(strideA * batch + 1);
    float[] b = random(strideB * batch + 1);
    float[] c = random(strideC * batch);
    withBlas(
        blas -> {
          CUdeviceptr deviceA = blas.memory.of(a);
          CUdeviceptr deviceB = blas.memory.of(b);
          CUdeviceptr deviceC = blas.memory.of(c);
          Gpu.check(
              cublasSgemm(
                  blas.handle,
                  transA,
                  transB,
                  m,
                  n,
                  k,
                  TWO,
                  deviceA,
                  lda,
                  deviceB,
                  ldb,
                  HALF,
                  deviceC,
                  ldc));
          Gpu.check(
              cublasSgemmStridedBatched(
                  blas.handle,
                  transA,
                  transB,
                  m,
                  n,
                  k,
                  TWO,
                  deviceA.withByteOffset(4L * strideA),
                  lda,
                  strideA,
                  deviceB.withByteOffset(4L * strideB),
                  ldb,
                  strideB,
                  HALF,
                  deviceC.withByteOffset(4L * strideC),
                  ldc,
                  strideC,
                  batch - 1));
          float[] result = DeviceFloats.read(deviceC, c.length);
          for (int i = 0; i < c.length; i++) {
            int one = i / strideC;
            int row = i % strideC % ldc;
            int column = i % strideC / ldc;
            float expected = c[i];
            if (row < m) {
              double sum = 0;
              for (int p = 0; p < k; p++) {
                double x = a[one * strideA + (transA == 0 ? p * lda + row : row * lda + p)];
                double y = b[one * strideB + (transB == 0 ? column * ldb + p : p * ldb + column)];
                sum += x * y;
              }
              expected = (float) (2 * sum + 0.5 * c[i]);
            }
            assertThat(result[i]).as("element %d", i).isEqualTo(expected);
          }
        });
  }

  @Test
  void vectorFunctions() {
    withBlas(
        blas -> {
          CUdeviceptr x = blas.memory.of(1, 2, 3);
          CUdeviceptr y = blas.memory.of(10, 0, 20);
          CUdeviceptr a = blas.memory.of(1, 2, 3, 4, 5, 6);
          CUdeviceptr t = blas.memory.bytes(24);
          Gpu.check(cublasSaxpy(blas.handle, 3, TWO, x, 1, y, 1));
          assertThat(DeviceFloats.read(y, 3)).containsExactly(12, 4, 26);
          Gpu.check(cublasSgemv(blas.handle, 0, 2, 3, TWO, a, 2, x, 1, ZERO, y, 2));
          assertThat(DeviceFloats.read(y, 3)).containsExactly(44, 4, 56);
          Gpu.check(cublasSger(blas.handle, 2, 3, HALF, y, 2, x, 1, a, 2));
          assertThat(DeviceFloats.read(a, 6)).containsExactly(23, 30, 47, 60, 71, 90);
          Gpu.check(cublasSgeam(blas.handle, 1, 0, 3, 2, TWO, a, 2, ZERO, t, 3, t, 3));
          assertThat(DeviceFloats.read(t, 6)).containsExactly(46, 94, 142, 60, 120, 180);
        });
  }

  @Test
  void scalarsMayBeOnTheDevice() {
    withBlas(
        blas -> {
          CUdeviceptr three = blas.memory.of(3);
          CUdeviceptr x = blas.memory.of(1, 2);
          CUdeviceptr y = blas.memory.of(0, 1);
          Gpu.check(
              cublasSetPointerMode(blas.handle, cublasPointerMode.CUBLAS_POINTER_MODE_DEVICE));
          Gpu.check(cublasSaxpy(blas.handle, 2, three, x, 1, y, 1));
          assertThat(DeviceFloats.read(y, 2)).containsExactly(3, 7);
        });
  }

  @Test
  void tf32OnlyWhenAskedFor() {
    float fine = 1 + 0x1p-12f; // more bits than TF32 keeps
    withBlas(
        blas -> {
          CUdeviceptr a = blas.memory.of(fine);
          CUdeviceptr b = blas.memory.of(1);
          CUdeviceptr c = blas.memory.bytes(4);
          Pointer one = Pointer.to(new float[] {1});
          Gpu.check(cublasSgemm(blas.handle, 0, 0, 1, 1, 1, one, a, 1, b, 1, ZERO, c, 1));
          assertThat(DeviceFloats.read(c, 1)[0]).isEqualTo(fine);
          Gpu.check(cublasSetMathMode(blas.handle, cublasMath.CUBLAS_TF32_TENSOR_OP_MATH));
          Gpu.check(cublasSgemm(blas.handle, 0, 0, 1, 1, 1, one, a, 1, b, 1, ZERO, c, 1));
          assertThat(DeviceFloats.read(c, 1)[0]).isEqualTo(1);
        });
  }

  @Test
  void wrongArgumentsAreRefused(Machine machine) {
    withBlas(
        blas -> {
          CUdeviceptr a = blas.memory.of(1, 2, 3, 4);
          assertThat(cublasSgemm(blas.handle, 0, 0, 2, 2, 2, TWO, a, 1, a, 2, ZERO, a, 2))
              .as("lda below the rows")
              .isEqualTo(CUBLAS_STATUS_INVALID_VALUE);
          assertThat(cublasSgemm(blas.handle, 0, 0, 2, 2, -1, TWO, a, 2, a, 2, ZERO, a, 2))
              .as("negative size")
              .isEqualTo(CUBLAS_STATUS_INVALID_VALUE);
          assertThat(cublasSgemm(new cublasHandle(), 0, 0, 1, 1, 1, TWO, a, 1, a, 1, ZERO, a, 1))
              .as("no handle")
              .isEqualTo(CUBLAS_STATUS_NOT_INITIALIZED);
          assertThat(cublasSetWorkspace(blas.handle, a.withByteOffset(4), 8))
              .as("misaligned workspace")
              .isEqualTo(CUBLAS_STATUS_INVALID_VALUE);
          assertThat(machine.findings().isEmpty()).isTrue();
          assertThat(cublasSgemm(blas.handle, 0, 0, 2, 4, 2, TWO, a, 2, a, 2, ZERO, a, 2))
              .as("more columns than there is memory")
              .isEqualTo(CUBLAS_STATUS_INVALID_VALUE);
          assertThat(JCublas2.cublasDdot(blas.handle, 1, a, 1, a, 1, TWO))
              .as("not implemented")
              .isEqualTo(CUBLAS_STATUS_NOT_SUPPORTED);
        });
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.MISUSE, Kind.UNSUPPORTED);
  }

  @Test
  void uninitialisedOperandsAndForgottenHandlesAreFound(Machine machine) {
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats()) {
      cublasHandle handle = new cublasHandle();
      Gpu.check(cublasCreate(handle));
      CUdeviceptr x = memory.bytes(8);
      CUdeviceptr y = memory.of(1, 2);
      Gpu.check(cublasSaxpy(handle, 2, TWO, x, 1, y, 1));
      Gpu.check(JCudaDriver.cuCtxSynchronize());
    }
    machine.close();
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNINITIALISED_READ, Kind.LEAK);
  }

  /** Two streams share one handle's workspace: right on one stream, a race on two. */
  @ParameterizedTest
  @CsvSource({"false", "true"})
  void aWorkspaceServesOneStream(boolean twoStreams) {
    Machine machine = Machine.installed();
    withBlas(
        blas -> {
          CUdeviceptr workspace = blas.memory.bytes(4096);
          CUdeviceptr x = blas.memory.of(1, 2);
          CUdeviceptr y = blas.memory.of(1, 2);
          CUstream[] streams = {new CUstream(), new CUstream()};
          Gpu.check(JCudaDriver.cuCtxSynchronize());
          for (CUstream stream : streams) {
            Gpu.check(JCudaDriver.cuStreamCreate(stream, 1));
          }
          for (int i = 0; i < 2; i++) {
            CUstream stream = streams[twoStreams ? i : 0];
            Gpu.check(cublasSetStream(blas.handle, jcuda(stream)));
            Gpu.check(cublasSetWorkspace(blas.handle, workspace, 4096));
            CUdeviceptr target = i == 0 ? x : y;
            Gpu.check(cublasSaxpy(blas.handle, 1, TWO, target.withByteOffset(4), 1, target, 1));
          }
          Gpu.check(JCudaDriver.cuCtxSynchronize());
          for (CUstream stream : streams) {
            Gpu.check(JCudaDriver.cuStreamDestroy(stream));
          }
        });
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .isEqualTo(twoStreams ? java.util.List.of(Kind.UNORDERED_ACCESS) : java.util.List.of());
  }

  private static jcuda.runtime.cudaStream_t jcuda(CUstream stream) {
    return new jcuda.runtime.cudaStream_t(stream);
  }
}
