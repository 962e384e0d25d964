package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** embedding_gradient: bits of the CPU's order whatever the ids, one launch, and what it costs. */
@SimulatedCuda
class CudaEmbeddingGradientTest {
  private static final int SECTOR = 32;

  /** Ids of a batch of `histories` histories of 100 items and 6 candidates, by place. */
  private static Histories histories(int histories, IntUnaryOperator id) {
    int items = histories * 100;
    return new Histories(
        new int[histories],
        IntStream.range(0, histories).map(id).toArray(),
        IntStream.rangeClosed(0, histories).map(b -> b * 100).toArray(),
        IntStream.range(0, items).map(id).toArray(),
        IntStream.range(items, items + histories * 6).map(id).toArray());
  }

  private record Sums(int[] rows, float[] gradients) {
    static Sums of(RowGradients gradients) {
      return new Sums(gradients.downloadRows(), gradients.downloadGradients());
    }
  }

  private static Sums items(Backend backend, Histories histories, int d, int room) {
    try (Subject subject = new Subject(backend, 5)) {
      int count = histories.count();
      Batch batch = subject.scope().batch(new BatchShape(count, count * 100, 100, 6, d, 1, 1));
      batch.upload(histories);
      Tensor dX = subject.input(batch.tensor(Axis.ITEMS, d, Lifetime.KEPT), 1);
      Tensor dE = subject.input(batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT), 1);
      RowGradients rows = subject.scope().rowGradients(room, d);
      backend.embeddingGradient().items(batch, dX, dE, rows);
      return Sums.of(rows);
    }
  }

  private static Sums users(Backend backend, Histories histories, int d, int room) {
    try (Subject subject = new Subject(backend, 6)) {
      int count = histories.count();
      Batch batch = subject.scope().batch(new BatchShape(count, count * 100, 100, 6, d, 1, 1));
      batch.upload(histories);
      Tensor dU = subject.input(batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT), 1);
      RowGradients rows = subject.scope().rowGradients(room, d);
      backend.embeddingGradient().users(batch, dU, rows);
      return Sums.of(rows);
    }
  }

  private static int hash(int i) {
    int x = (i + 1) * 0x9E3779B1;
    x ^= x >>> 15;
    x *= 0x85EBCA6B;
    return (x ^ (x >>> 13)) & Integer.MAX_VALUE;
  }

  /** Where ids are few, one block has more than fit into its shared memory. */
  private static int id(String kind, int i) {
    return switch (kind) {
      case "uniform" -> hash(i) % 2000;
      case "skewed" -> (int) Math.pow(hash(i) % 2000, 3) / 4_000_000;
      case "same" -> 7;
      case "two" -> hash(i) % 2 * 1_000_000;
      case "neighbours" -> Integer.MAX_VALUE - hash(i) % 3; // of one bin
      case "ends" -> hash(i) % 2 == 0 ? 0 : Integer.MAX_VALUE;
      case "wide" -> hash(i);
      case "powers" -> (1 << hash(i) % 31) - hash(i) / 64 % 2;
      case "different" -> Integer.MAX_VALUE - 3 * i;
      default -> throw new IllegalArgumentException(kind);
    };
  }

  @ParameterizedTest
  @CsvSource({
    "uniform",
    "skewed",
    "same",
    "two",
    "neighbours",
    "ends",
    "wide",
    "powers",
    "different"
  })
  void addsInTheOrderOfTheBatchToTheBit(String kind) {
    Histories histories = histories(26, i -> id(kind, i)); // 2756 ids
    int n = 26 * 106;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Backend cpu = Backends.open("cpu", new BackendOptions(1))) {
      Sums expected = items(cpu, histories, 4, n);
      Sums came = items(cuda, histories, 4, n);
      assertThat(came.rows()).isEqualTo(expected.rows());
      assertThat(came.gradients()).isEqualTo(expected.gradients());
      expected = users(cpu, histories, 4, 26);
      came = users(cuda, histories, 4, 26);
      assertThat(came.rows()).isEqualTo(expected.rows());
      assertThat(came.gradients()).isEqualTo(expected.gradients());
    }
  }

  /** As many slots as the table has rows are enough, whatever the ids. */
  @ParameterizedTest
  @CsvSource({"uniform, 2000", "skewed, 2000", "same, 8", "two, 1000001"})
  void tableRowsAreRoomEnough(String kind, int table) {
    Histories histories = histories(26, i -> id(kind, i));
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Backend cpu = Backends.open("cpu", new BackendOptions(1))) {
      Sums came = items(cuda, histories, 4, table);
      assertThat(came.rows()).isEqualTo(items(cpu, histories, 4, table).rows());
    }
  }

  @Test
  void tooLittleRoomIsSaidAndNothingIsWrittenBehindIt() {
    Histories histories = histories(3, i -> 5 + i % 20);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1))) {
      for (int room = 0; room < 20; room++) {
        int few = room;
        assertThatThrownBy(() -> items(cuda, histories, 4, few))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("embedding_gradient: more distinct rows than the room for " + few);
      }
      assertThat(items(cuda, histories, 4, 25).rows()).hasSize(20);
    }
  }

  @Test
  void oneRecordingFollowsTheBatch(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 7)) {
      Scope scope = subject.scope();
      Batch batch = scope.batch(new BatchShape(10, 1000, 100, 6, 4, 1, 1));
      Tensor dX = batch.tensor(Axis.ITEMS, 4, Lifetime.KEPT);
      Tensor dE = batch.tensor(Axis.CANDIDATES, 4, Lifetime.KEPT);
      Tensor dU = batch.tensor(Axis.HISTORIES, 4, Lifetime.KEPT);
      RowGradients items = scope.rowGradients(1060, 4);
      RowGradients users = scope.rowGradients(10, 4);
      Runnable code =
          () -> {
            cuda.embeddingGradient().items(batch, dX, dE, items);
            cuda.embeddingGradient().users(batch, dU, users);
          };
      try (Sequence sequence = cuda.record("sums", code)) {
        for (int histories : new int[] {10, 1, 0, 7}) {
          batch.upload(histories(histories, i -> id("uniform", i + histories)));
          subject.input(dX, 1);
          subject.input(dE, 1);
          subject.input(dU, 1);
          sequence.run();
          Sums recorded = Sums.of(items);
          Sums recordedUsers = Sums.of(users);
          assertThat(recorded.rows()).isSorted().doesNotHaveDuplicates();
          assertThat(recorded.rows().length > 0).isEqualTo(histories > 0);
          code.run();
          assertThat(Sums.of(items)).usingRecursiveComparison().isEqualTo(recorded);
          assertThat(Sums.of(users)).usingRecursiveComparison().isEqualTo(recordedUsers);
        }
      }
    }
    assertThat(machine.launches()).hasSize(4 * 2 * 2);
  }

  /** A step of the defaults at a third of its size: one launch, rows moved once, no conflicts. */
  @ParameterizedTest
  @CsvSource({"8", "16", "40", "64"})
  void movesEachRowOnce(int d, Machine machine) {
    int n = 80 * 106;
    Histories histories = histories(80, i -> hash(i) % 12_000);
    int distinct;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1))) {
      distinct = items(cuda, histories, d, n).rows().length;
    }
    LaunchReport launch = machine.launches().getFirst();
    assertThat(machine.launches()).hasSize(1);
    assertThat(launch.blocks()).isEqualTo(67);
    Counters counters = launch.counters();
    long bytes = 4L * n + 4L * n * d + 4L * distinct * (d + 1);
    assertThat((double) counters.touchedSectors() * SECTOR).isLessThan(1.25 * bytes);
    // Rows move once; ids, and half of them as a sample, come into every block.
    double ids = 1.5 * launch.blocks() * n * 4;
    assertThat((double) counters.loadSectors() * SECTOR).isLessThan(1.05 * (ids + 4.0 * n * d));
    assertThat((double) counters.storeSectors() * SECTOR)
        .isLessThan(1.25 * 4 * distinct * (d + 1) + 4.0 * n);
    // 32 random bins meet in banks, with less than 2.6 further wavefronts on average.
    double counting = 2.6 * 0.5 * launch.blocks() * n / 32;
    assertThat(counters.sharedConflicts() - counting)
        .isLessThan(0.05 * counters.sharedWavefronts());
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "8, 4", "16, 4", "64, 4"})
  void staysWithinItsRegisters(int d, int vector) {
    CompiledKernel.staysWithin(
        "embedding_gradient",
        Map.of("D", d, "VECTOR", vector),
        Map.of("embedding_gradient_rows", 64));
  }

  /** The largest batch of the defaults: all blocks that there may be. */
  @Test
  @Tag("long")
  void addsALargeBatchToTheBit() {
    Histories histories = histories(1000, i -> id("skewed", i));
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Backend cpu = Backends.open("cpu", new BackendOptions(1))) {
      Sums expected = items(cpu, histories, 16, 106_000);
      Sums came = items(cuda, histories, 16, 106_000);
      assertThat(came.rows()).isEqualTo(expected.rows());
      assertThat(Arrays.equals(came.gradients(), expected.gradients())).isTrue();
    }
  }
}
