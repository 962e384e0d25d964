package io.mgnm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Launches that work, and how those that cannot are refused. */
@SimulatedCuda
class CudaKernelTest {
  private static final int N = 1000;
  private static final LaunchShape SHAPE = LaunchShape.of(4, 256);

  @Test
  void runsAndComesBack() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      DeviceBuffer x = scope.floats(N, "x");
      DeviceBuffer y = scope.floats(N, "y");
      float[] values = new float[N];
      for (int i = 0; i < N; i++) {
        values[i] = i;
      }
      context.stream().upload(x, values);
      CudaKernel axpy = Axpy.load(context).kernel("axpy");
      axpy.launch(context.stream(), SHAPE, x, y, 2f, N);
      axpy.launch(context.stream(), SHAPE, x.slice(1, N - 1), y.slice(1, N - 1), 1f, N - 1);
      float[] result = new float[N];
      context.stream().download(y, result);
      for (int i = 0; i < N; i++) {
        assertThat(result[i]).isEqualTo(i == 0 ? 0 : 3f * i);
      }
    }
  }

  @Test
  void copiesLargerThanTheStagingBufferComeBack() {
    int count = (9 << 20) / 4 + 3;
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      DeviceBuffer buffer = scope.ints(count, "large");
      int[] sent = new int[count];
      Arrays.setAll(sent, i -> i * 31);
      context.stream().upload(buffer, sent);
      int[] received = new int[count];
      context.stream().download(buffer, received);
      assertThat(received).isEqualTo(sent);
    }
  }

  @Test
  void asksForMoreSharedMemoryThanEveryBlockMayHave() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      DeviceBuffer y = scope.ints(128, "y");
      int[] values = new int[128];
      Arrays.setAll(values, i -> i);
      context.stream().upload(y, values);
      CudaKernel reverse = Axpy.load(context).kernel("reverse");
      reverse.launch(context.stream(), LaunchShape.of(1, 128).withShared(200 << 10), y);
      context.stream().download(y, values);
      assertThat(values[0]).isEqualTo(127);
      assertThatThrownBy(() -> reverse.prepare(LaunchShape.of(1, 128).withShared(228 << 10), y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("reverse(INT32* y)")
          .hasMessageContaining("shared 233472")
          .hasMessageContaining("232448 bytes of shared memory");
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      CudaModule module = Axpy.load(context);
      CudaKernel axpy = module.kernel("axpy");
      DeviceBuffer x = scope.floats(N, "x");
      DeviceBuffer ints = scope.ints(N, "ids");
      String signature =
          "axpy(FLOAT32* x, FLOAT32* y, FLOAT32 a, INT32 n), grid 4x1x1, block 256x1x1";
      refused(axpy, SHAPE, List.of(x, x, 1f), signature, "expected 4 arguments, got 3");
      refused(axpy, SHAPE, List.of(x, x, 1, N), signature, "argument 2, FLOAT32 a: got Integer 1");
      refused(axpy, SHAPE, List.of(x, x, 1f, 10L), "argument 3, INT32 n: got Long 10");
      refused(axpy, SHAPE, List.of(x, ints, 1f, N), "argument 1, FLOAT32* y", "ids (1000 INT32)");
      refused(axpy, SHAPE, List.of(x, 0L, 1f, N), "argument 1, FLOAT32* y: got Long 0");
      List<Object> good = List.of(x, x, 1f, N);
      refused(axpy, LaunchShape.of(1, 1025), good, "at most 1024 threads, not 1025");
      refused(axpy, LaunchShape.of(0, 32), good, "with nothing to do, do not launch");
      refused(axpy, LaunchShape.of(1, 0), good, "1 thread at least");
      refused(axpy, new LaunchShape(1, 65_536, 1, 32, 1, 1, 0), good, "65535 blocks in y");
      refused(axpy, new LaunchShape(1, 1, 1, 1, 1, 65, 0), good, "64 at most in z");
      refused(axpy, SHAPE.withShared(-1), good, "must not be negative");
      refused(
          module.kernel("reverse"), LaunchShape.of(1, 129), List.of(ints), "at most 128 threads");
      assertThatThrownBy(() -> module.kernel("apxy"))
          .hasMessageContaining("axpy.cu declares")
          .hasMessageContaining("not apxy");
    }
  }

  private static void refused(
      CudaKernel kernel, LaunchShape shape, List<Object> arguments, String... words) {
    assertThatThrownBy(() -> kernel.prepare(shape, arguments.toArray()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void refusesMemoryOfAClosedScopeThenAndLater() {
    try (CudaContext context = Axpy.open()) {
      CudaKernel axpy = Axpy.load(context).kernel("axpy");
      MemoryScope scope = context.scope("short-lived");
      DeviceBuffer x = scope.floats(N, "x");
      KernelLaunch launch = axpy.prepare(SHAPE, x, x, 1f, N);
      scope.close();
      String words = "scope 'short-lived' is closed";
      assertThatThrownBy(() -> axpy.prepare(SHAPE, x, x, 1f, N)).hasMessage(words);
      assertThatThrownBy(() -> launch.run(context.stream())).hasMessage(words);
      assertThatThrownBy(() -> context.stream().upload(x, new float[N])).hasMessage(words);
      assertThatThrownBy(() -> scope.floats(1, "more"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(words);
    }
  }

  @Test
  void aDriversRefusalNamesCallCodeKernelAndShapes(Machine machine) {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      CudaKernel axpy = Axpy.load(context).kernel("axpy");
      DeviceBuffer x = scope.floats(N, "x");
      machine.faults().fail("cuLaunchKernel", 1, 701);
      assertThatThrownBy(() -> axpy.launch(context.stream(), SHAPE, x, x, 1f, N))
          .isExactlyInstanceOf(CudaException.class)
          .hasMessageContaining("cuLaunchKernel returned CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701)")
          .hasMessageContaining("axpy, grid 4x1x1, block 256x1x1, shared 0, x=x (1000 FLOAT32)")
          .satisfies(e -> assertThat(((CudaException) e).code()).isEqualTo(701));
    }
  }

  @Test
  void aFaultOnTheDeviceEndsTheContext(Machine machine) {
    CudaContext context = Axpy.open();
    MemoryScope scope = context.scope("test");
    DeviceBuffer y = scope.floats(N, "y");
    Axpy.load(context).kernel("stray").launch(context.stream(), LaunchShape.of(1, 1), y, 1L << 30);
    assertThatThrownBy(context::synchronize)
        .isInstanceOf(CudaContextDeadException.class)
        .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS (700)");
    assertThatThrownBy(() -> scope.floats(1, "more"))
        .isInstanceOf(CudaContextDeadException.class)
        .hasMessageContaining("is dead since")
        .hasMessageContaining("cuCtxSynchronize");
    scope.close();
    context.close();
    assertThat(context.leaks()).isEmpty();
    assertThat(machine.findings().take()).anyMatch(f -> f.message().contains("stray"));
  }

  @Test
  void aKernelThatIsNotThereSaysWhy() {
    KernelSource mangled =
        new KernelSource("mangled.cu", "__global__ void lost(int n) {}", Map.of());
    try (CudaContext context = Axpy.open()) {
      KernelImage image =
          KernelCompiler.withDefaultCache().compile(mangled, List.of(), context.target());
      Throwable failure = catchThrowable(() -> context.load(image).kernel("lost"));
      assertThat(failure)
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cuModuleGetFunction returned CUDA_ERROR_NOT_FOUND (500)")
          .hasMessageContaining("is it declared extern \"C\"?");
    }
  }

  @Test
  void signaturesComeFromTheSource() {
    assertThat(KernelSignature.of(Axpy.TEXT))
        .extracting(KernelSignature::toString)
        .containsExactly(
            "axpy(FLOAT32* x, FLOAT32* y, FLOAT32 a, INT32 n)",
            "stray(FLOAT32* y, INT64 offset)",
            "reverse(INT32* y)");
    assertThat(
            KernelSignature.of(
                "/* __global__ void no(int a) */ __global__ void k(const unsigned* __restrict__ u,"
                    + " // float* not\n unsigned long long n, double x)"))
        .extracting(KernelSignature::toString)
        .containsExactly("k(INT32* u, INT64 n, FLOAT64 x)");
    assertThatThrownBy(() -> KernelSignature.of("__global__ void k(short x)"))
        .hasMessageContaining("kernel k: parameter 'short x': expected float, double");
  }
}
