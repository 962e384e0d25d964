package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.mgnm.cuda.OtherJvm;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Scope;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where CUDA is chosen, where not, and what is said. */
class CudaBackendProviderTest {

  @Test
  void withoutADriverAutoFallsBackWithOneLine() throws IOException {
    List<String> loud = List.of("-Dlogback.configurationFile=logback-info.xml");
    String output = OtherJvm.output(OtherJvm.start(OpenAuto.class, loud));
    assumeThat(output).doesNotContain("this machine has a driver");
    assertThat(output).contains("opened cpu");
    assertThat(output.lines().filter(line -> line.contains("cuda"))).hasSize(1);
    assertThat(output)
        .contains("backend cuda cannot run here: no driver library: libcuda.so.1: cannot open")
        .contains("install NVIDIA's driver");
  }

  @Test
  void withoutADriverAskingForItIsAnExceptionWithTheReason() throws IOException {
    String output = OtherJvm.output(OtherJvm.start(OpenCuda.class, List.of()));
    assumeThat(output).doesNotContain("this machine has a driver");
    assertThat(output)
        .contains("BackendUnavailableException: backend 'cuda' cannot run here: no driver library:")
        .contains("install NVIDIA's driver");
  }

  /** Runs in another JVM. */
  static final class OpenAuto {
    public static void main(String[] arguments) {
      try (Backend backend = Backends.open("auto", new BackendOptions(1))) {
        System.out.println("opened " + backend.name());
      }
      sayIfThereIsADriver();
    }
  }

  /** Runs in another JVM. */
  static final class OpenCuda {
    public static void main(String[] arguments) {
      sayIfThereIsADriver();
      Backends.open("cuda", new BackendOptions(1)).close();
    }
  }

  private static void sayIfThereIsADriver() {
    if (io.mgnm.cuda.CudaDriver.unavailable().isEmpty()) {
      System.out.println("this machine has a driver");
    }
  }

  @Test
  @SimulatedCuda
  void withADeviceItComesFirst() {
    assertThat(Backends.providers().getFirst()).isInstanceOf(CudaBackendProvider.class);
    assertThat(new CudaBackendProvider().availability().available()).isTrue();
    try (Backend backend = Backends.open("auto", new BackendOptions(1))) {
      assertThat(backend.name()).isEqualTo("cuda");
    }
  }

  @Test
  @SimulatedCuda(devices = 0)
  void withoutADeviceTheDriversWordsAreShown() {
    assertThat(new CudaBackendProvider().availability().detail())
        .startsWith(
            "the driver has no usable device: cuInit returned CUDA_ERROR_NO_DEVICE (100): no");
  }

  @Test
  @SimulatedCuda
  void saysWhatIsForeign() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Backend cpu = Backends.open("cpu", new BackendOptions(1));
        Scope scope = cuda.scope("test");
        Scope other = cpu.scope("other")) {
      assertThat(cuda.describe())
          .startsWith("cuda: Simulated H100 SXM, compute capability 9.0, 132 SMs, 4096 MiB; NVRTC");
      assertThatThrownBy(() -> cuda.capsuleSquash().forward(other.floats(2, 4), other.floats(2, 4)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a tensor of another backend was given to 'cuda'");
      assertThatThrownBy(() -> cuda.record("outer", () -> scope.floats(2, 4)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("an allocation cannot be inside a recording");
    }
  }
}
