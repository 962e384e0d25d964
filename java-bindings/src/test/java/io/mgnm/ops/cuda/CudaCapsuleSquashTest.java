package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of capsule_squash cost: memory traffic, divergence, registers. */
@SimulatedCuda
class CudaCapsuleSquashTest {
  private static final int SECTOR = 32;

  /** Every value moves once, in whole sectors: 8 d bytes a row forward, 12 d backward. */
  @ParameterizedTest
  @CsvSource({"1, 4096", "4, 1000", "16, 1000", "20, 1000", "40, 1000", "64, 333", "200, 80"})
  void movesEachByteOnce(int d, int rows, Machine machine) {
    long bytes = 4L * d * rows;
    assertThat(bytes % SECTOR).isZero();
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Tensor v = scope.floats(rows, d);
      Tensor dO = scope.floats(rows, d);
      cuda.capsuleSquash().forward(v, scope.floats(rows, d));
      cuda.capsuleSquash().backward(v, dO, scope.floats(rows, d));
    }
    List<LaunchReport> launches = machine.launches();
    assertThat(launches)
        .extracting(LaunchReport::kernel)
        .containsExactly("capsule_squash_forward", "capsule_squash_backward");
    check(launches.get(0).counters(), bytes, bytes);
    check(launches.get(1).counters(), 2 * bytes, bytes);
  }

  private static void check(Counters counters, long read, long written) {
    assertThat(counters.loadBytes()).isEqualTo(read);
    assertThat(counters.loadSectors()).isEqualTo(read / SECTOR);
    assertThat(counters.storeBytes()).isEqualTo(written);
    assertThat(counters.storeSectors()).isEqualTo(written / SECTOR);
    assertThat(counters.touchedSectors()).isEqualTo((read + written) / SECTOR);
    assertThat(counters.sharedWavefronts()).isZero();
    assertThat(counters.sharedConflicts()).isZero();
    assertThat(counters.barriers()).isZero();
  }

  /** A slice that begins between multiples of 16 bytes takes the path of single floats. */
  @Test
  void unalignedSlicesWorkToo(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Tensor all = scope.floats(1, 1 + 5 * 8);
      float[] values = new float[41];
      java.util.Arrays.fill(values, 1f);
      all.upload(values);
      Tensor part = all.slice(1, 5, 8);
      cuda.capsuleSquash().forward(part, part);
      float[] result = all.download();
      assertThat(result[0]).isEqualTo(1f);
      double r = Math.sqrt(8);
      for (int i = 1; i <= 40; i++) {
        assertThat(result[i]).isCloseTo((float) (r / (1 + 8)), within());
      }
    }
    assertThat(machine.launches()).hasSize(1);
  }

  private static org.assertj.core.data.Offset<Float> within() {
    return org.assertj.core.data.Offset.offset(1e-6f);
  }

  @Test
  void nothingToDoLaunchesNothing(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      cuda.capsuleSquash().forward(scope.floats(0, 16), scope.floats(0, 16));
      cuda.record("empty", () -> {}).run();
    }
    assertThat(machine.launches()).isEmpty();
  }

  /** More rows than the device holds at once go round by stride. */
  @Test
  @SimulatedCuda(computeCapability = "7.5")
  void strideCoversRowsBeyondTheGrid(Machine machine) {
    int rows = 40 * 4 * 256 + 77; // d = 1: a row a thread; 40 SMs of 1024 threads
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Tensor v = scope.floats(rows, 1);
      float[] values = new float[rows];
      java.util.Arrays.fill(values, 1f);
      v.upload(values);
      cuda.capsuleSquash().forward(v, v);
      assertThat(v.download()).containsOnly(0.5f);
    }
    assertThat(machine.launches()).singleElement().extracting(LaunchReport::blocks).isEqualTo(160L);
  }

  /** No spills, and registers for 2048 threads an SM at the model's sizes. */
  @ParameterizedTest
  @CsvSource({"16, 32, 40", "40, 32, 40", "64, 32, 40", "200, 40, 48"})
  void staysWithinItsRegisters(int d, int forward, int backward) {
    CompiledKernel.staysWithin(
        "capsule_squash",
        Map.of("D", d),
        Map.of("capsule_squash_forward", forward, "capsule_squash_backward", backward));
  }
}
