package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What embedding_gather costs, and that its launch follows the batch. */
@SimulatedCuda
class CudaEmbeddingGatherTest {
  private static final int SECTOR = 32;

  /** Ids once, rows once in and once out; beside them only what says how long the batch is. */
  @ParameterizedTest
  @CsvSource({"8", "16", "20", "40", "64"})
  void movesEachRowOnce(int d, Machine machine) {
    int[] lengths = new int[16];
    Arrays.setAll(lengths, b -> b % 2 == 0 ? 10 : 100);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, d)) {
      Batch batch = subject.batch(lengths, 6, d, 4, 4);
      Tensor items = subject.scope().floats(1000, d);
      Tensor users = subject.scope().floats(1000, d);
      cuda.embeddingGather()
          .forward(
              batch,
              items,
              users,
              batch.tensor(Axis.ITEMS, d, Lifetime.KEPT),
              batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT),
              batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT));
    }
    long rows = 8 * 110 + 16 * 7;
    Counters counters = machine.launches().getFirst().counters();
    assertThat(machine.launches()).hasSize(1);
    assertThat(counters.storeBytes()).isEqualTo(rows * d * 4);
    double rowSectors = d % 8 == 0 ? d / 8.0 : d / 8.0 + 0.5; // a row of 20 lies on half sectors
    assertThat((double) counters.loadSectors())
        .isLessThan(1.25 * (rows * 4.0 / SECTOR + rows * rowSectors));
    assertThat((double) counters.storeSectors()).isLessThan(1.05 * rows * d * 4 / SECTOR);
    assertThat(counters.sharedWavefronts()).isZero();
    assertThat(counters.barriers()).isZero();
  }

  @Test
  void oneRecordingFollowsTheBatch(Machine machine) {
    int d = 16;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Scope scope = subject.scope();
      Batch batch = scope.batch(new BatchShape(3, 20, 10, 2, d, 1, 1));
      Tensor items = subject.input(scope.floats(50, d), 1);
      Tensor users = subject.input(scope.floats(50, d), 1);
      Tensor x = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
      Tensor u = batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT);
      Tensor e = batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT);
      try (Sequence sequence =
          cuda.record(
              "gather", () -> cuda.embeddingGather().forward(batch, items, users, x, u, e))) {
        batch.upload(
            new Histories(
                new int[3],
                new int[] {5, 6, 7},
                new int[] {0, 3, 4, 14},
                new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14},
                new int[] {1, 2, 3, 4, 5, 6}));
        sequence.run();
        assertThat(x.download()).isEqualTo(rows(items, batch.download().items()));
        float[] before = raw(cuda, x);
        batch.upload(
            new Histories(
                new int[1], new int[] {9}, new int[] {0, 2}, new int[] {40, 41}, new int[] {8, 9}));
        sequence.run();
        assertThat(x.download()).isEqualTo(rows(items, new int[] {40, 41}));
        assertThat(u.download()).isEqualTo(rows(users, new int[] {9}));
        assertThat(e.download()).isEqualTo(rows(items, new int[] {8, 9}));
        // What lies behind the live rows has not been touched.
        assertThat(Arrays.copyOfRange(raw(cuda, x), 2 * d, 20 * d))
            .isEqualTo(Arrays.copyOfRange(before, 2 * d, 20 * d));
      }
    }
    assertThat(machine.trace().calls("cuGraphLaunch")).hasSize(2);
    assertThat(machine.launches()).hasSize(2);
  }

  /** All memory of a tensor, of the capacity. */
  private static float[] raw(Backend cuda, Tensor tensor) {
    DeviceBuffer buffer = ((CudaTensor) tensor).buffer();
    float[] values = new float[Math.toIntExact(buffer.count())];
    ((CudaBackend) cuda).stream().download(buffer, values);
    return values;
  }

  private static float[] rows(Tensor table, int[] ids) {
    int d = table.width();
    float[] values = table.download();
    float[] rows = new float[ids.length * d];
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(values, ids[i] * d, rows, i * d, d);
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({"8, 4", "16, 4", "20, 4", "40, 4", "64, 4", "16, 1", "7, 1", "200, 4"})
  void staysWithinItsRegisters(int d, int vector) {
    CompiledKernel.staysWithin(
        "embedding_gather",
        Map.of("D", d, "VECTOR", vector),
        Map.of("embedding_gather_forward", 64));
  }
}
