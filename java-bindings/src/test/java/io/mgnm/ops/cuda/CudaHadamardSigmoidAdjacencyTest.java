package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.ComputeCapability;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of hadamard_sigmoid_adjacency cost, and which way they take. */
@SimulatedCuda
class CudaHadamardSigmoidAdjacencyTest {
  private static final int SECTOR = 32;

  /** Everything moves once where pairs are kept whole; a start of rows between sectors is all. */
  @ParameterizedTest
  @CsvSource({"10, 16", "50, 16", "100, 16", "10, 40", "100, 40"})
  void movesEachByteOnce(int n, int d, Machine machine) {
    int[] lengths = new int[8];
    Arrays.fill(lengths, n);
    run(lengths, d);
    long pairs = 8L * n * n;
    long rows = 8L * (n + 1) * d; // x and u
    check(machine.launches().get(0).counters(), rows, pairs);
    check(machine.launches().get(1).counters(), rows + pairs, rows);
  }

  private static void check(Counters counters, long floatsRead, long floatsWritten) {
    long least = (floatsRead + floatsWritten) * Float.BYTES;
    long moved = (counters.loadSectors() + counters.storeSectors()) * SECTOR;
    assertThat((double) moved / least).isBetween(1.0, 1.15);
    assertThat(counters.sharedConflicts() / (double) counters.sharedWavefronts()).isLessThan(0.05);
  }

  /** Beyond what is kept whole, x is read again for each row of tiles: that is the way taken. */
  @ParameterizedTest
  @SimulatedCuda(computeCapability = "7.5")
  @CsvSource({"110, 1", "130, 4"})
  void longHistoriesGoByTiles(int n, int tileRows, Machine machine) {
    run(new int[] {n}, 16);
    Counters forward = machine.launches().get(0).counters();
    long rows = (long) n * 16 * Float.BYTES;
    if (tileRows == 1) {
      assertThat(forward.loadBytes()).isBetween(rows, rows + 200);
    } else {
      assertThat(forward.loadBytes()).isGreaterThan(2 * rows);
    }
    assertThat(forward.sharedConflicts() / (double) forward.sharedWavefronts()).isLessThan(0.05);
  }

  private static void run(int[] lengths, int d) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Batch batch = subject.batch(lengths, 0, d, 1, 1);
      Tensor x = subject.input(batch.tensor(Axis.ITEMS, d, Lifetime.KEPT), 0.5);
      Tensor u = subject.input(batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT), 0.5);
      Tensor a = batch.tensor(Axis.PAIRS, 1, Lifetime.KEPT);
      cuda.hadamardSigmoidAdjacency().forward(batch, x, u, a);
      cuda.hadamardSigmoidAdjacency()
          .backward(
              batch,
              x,
              u,
              a,
              batch.tensor(Axis.ITEMS, d, Lifetime.KEPT),
              batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT));
    }
  }

  /** The batch's contents are read on the device: a recording serves whatever comes. */
  @Test
  void aRecordingFollowsTheBatch(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 2)) {
      Batch batch = subject.scope().batch(new BatchShape(4, 60, 30, 0, 8, 1, 1));
      Tensor x = batch.tensor(Axis.ITEMS, 8, Lifetime.KEPT);
      Tensor u = batch.tensor(Axis.HISTORIES, 8, Lifetime.KEPT);
      Tensor a = batch.tensor(Axis.PAIRS, 1, Lifetime.KEPT);
      try (Sequence sequence =
          cuda.record("adjacency", () -> cuda.hadamardSigmoidAdjacency().forward(batch, x, u, a))) {
        for (int[] lengths : List.of(new int[] {30, 2, 9, 1}, new int[] {5}, new int[] {})) {
          upload(batch, lengths);
          subject.input(x, 0.5);
          subject.input(u, 0.5);
          sequence.run();
          float[] recorded = a.download();
          assertThat(recorded).hasSize(Arrays.stream(lengths).map(n -> n * n).sum());
          cuda.hadamardSigmoidAdjacency().forward(batch, x, u, a);
          assertThat(a.download()).containsExactly(recorded);
        }
      }
    }
    assertThat(machine.launches())
        .hasSize(6)
        .extracting(LaunchReport::kernel)
        .containsOnly("hadamard_sigmoid_adjacency_forward");
  }

  private static void upload(Batch batch, int[] lengths) {
    int b = lengths.length;
    int[] offsets = new int[b + 1];
    for (int h = 0; h < b; h++) {
      offsets[h + 1] = offsets[h] + lengths[h];
    }
    batch.upload(new Histories(new int[b], new int[b], offsets, new int[offsets[b]], new int[0]));
  }

  @ParameterizedTest
  @CsvSource({"8, 75", "32, 90", "40, 120", "64, 90"})
  void spillsNothing(int d, int architecture) {
    KernelSource source =
        new KernelSource(
            "hadamard_sigmoid_adjacency.cu",
            KernelCatalogue.source("hadamard_sigmoid_adjacency"),
            KernelCatalogue.headers());
    KernelCompiler.withDefaultCache()
        .compile(
            source,
            List.of("-DHADAMARD_SIGMOID_ADJACENCY_D=" + d),
            new CompileTarget(ComputeCapability.ofNumber(architecture), CompileTarget.Form.CUBIN))
        .resources()
        .forEach(
            (kernel, used) -> {
              assertThat(used.spillStoreBytes() + used.spillLoadBytes() + used.stackBytes())
                  .as(kernel)
                  .isZero();
              assertThat(used.registers()).as(kernel).isLessThanOrEqualTo(128); // 2 blocks an SM
            });
  }
}
