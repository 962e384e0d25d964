package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of recent_items cost, and that they follow a batch that changes. */
@SimulatedCuda
class CudaRecentItemsTest {
  private static final int SECTOR = 32;
  private static final int LEVELS = 4;
  private static final int INTERESTS = 4;

  /** What is read once, what is updated once in and once out; beside them a history's length. */
  @ParameterizedTest
  @CsvSource({"8, 10", "16, 50", "16, 100", "20, 50", "40, 50", "64, 100"})
  void movesEachRowOnce(int d, int length, Machine machine) {
    int histories = 16;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape =
          new BatchShape(histories, histories * length, length, 0, d, LEVELS, INTERESTS);
      int[] lengths = new int[histories];
      Arrays.fill(lengths, length);
      new Tensors(cuda, scope, shape).upload(lengths).run();
    }
    assertThat(machine.launches())
        .extracting(LaunchReport::kernel)
        .containsExactly("recent_items_forward", "recent_items_backward");
    long items = 4L * histories * length * d;
    long outputs = 4L * histories * LEVELS * INTERESTS * d;
    check(machine.launches().get(0), items, outputs, histories);
    check(machine.launches().get(1), outputs, items, histories);
  }

  private static void check(LaunchReport launch, long read, long updated, int histories) {
    Counters counters = launch.counters();
    assertThat(counters.storeBytes()).as("%s", launch).isEqualTo(updated);
    assertThat(counters.storeSectors()).as("%s", launch).isEqualTo(updated / SECTOR);
    long words = histories * 4L * 3; // both ends of a history and the live count, for every warp
    assertThat(counters.loadSectors())
        .as("%s", launch)
        .isLessThanOrEqualTo((read + updated) / SECTOR + words);
    assertThat(counters.sharedConflicts()).as("%s", launch).isZero();
  }

  /** Recorded once, for whatever the batch holds when it runs: other histories, fewer, none. */
  @Test
  void followsTheBatchInARecording(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = new BatchShape(6, 60, 40, 0, 16, LEVELS, INTERESTS);
      Tensors recorded = new Tensors(cuda, scope, shape).upload(new int[] {3, 1, 40, 7, 2, 7});
      Tensors direct = new Tensors(cuda, scope, shape);
      try (Sequence sequence = cuda.record("recent items", recorded::run)) {
        for (int[] lengths : new int[][] {{3, 1, 40, 7, 2, 7}, {33}, {}, {20, 20, 20}}) {
          recorded.upload(lengths);
          sequence.run();
          direct.upload(lengths).run();
          assertThat(recorded.results()).isDeepEqualTo(direct.results());
        }
      }
    }
    assertThat(machine.launches()).hasSize(8 * 2);
  }

  /** More histories than the device holds blocks go round by stride. */
  @Test
  @SimulatedCuda(computeCapability = "7.5")
  void strideCoversHistoriesBeyondTheGrid(Machine machine) {
    int histories = 40 * 8 + 7; // 40 SMs of 1024 threads, 128 a block
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = new BatchShape(histories, histories, 1, 0, 4, 1, 1);
      int[] ones = new int[histories];
      Arrays.fill(ones, 1);
      Tensors t = new Tensors(cuda, scope, shape).upload(ones);
      t.o.upload(new float[t.o.size()]);
      t.recent.forward(t.batch, t.x, t.o);
      assertThat(t.o.download()).isEqualTo(t.x.download()); // a history of one, weight 1
    }
    assertThat(machine.launches()).singleElement().extracting(LaunchReport::blocks).isEqualTo(320L);
  }

  /** No spills, and registers for eight blocks an SM, which are all threads that 7.5 has. */
  @ParameterizedTest
  @CsvSource({"8, 4", "16, 4", "20, 4", "40, 4", "64, 4", "7, 1", "200, 4"})
  void staysWithinItsRegisters(int d, int vector) {
    CompiledKernel.staysWithin(
        "recent_items",
        Map.of("D", d, "CAPSULES", LEVELS * INTERESTS, "VECTOR", vector),
        Map.of("recent_items_forward", 64, "recent_items_backward", 64),
        75,
        80,
        86,
        90,
        120);
  }

  /** What one operation reads and updates, of random numbers. */
  private static final class Tensors {
    final RecentItems recent;
    final Batch batch;
    final Tensor x;
    final Tensor o;
    final Tensor dO;
    final Tensor dX;

    Tensors(Backend backend, Scope scope, BatchShape shape) {
      recent = backend.recentItems(new RecentItems.Options(1));
      batch = scope.batch(shape);
      x = batch.tensor(Axis.ITEMS, shape.d(), Lifetime.KEPT);
      o = batch.capsules(Axis.HISTORIES, shape.d(), Lifetime.KEPT);
      dO = batch.capsules(Axis.HISTORIES, shape.d(), Lifetime.KEPT);
      dX = batch.tensor(Axis.ITEMS, shape.d(), Lifetime.KEPT);
    }

    Tensors upload(int[] lengths) {
      batch.upload(CudaHistories.of(lengths));
      Random random = new Random(lengths.length);
      for (Tensor tensor : new Tensor[] {x, o, dO, dX}) {
        float[] values = new float[tensor.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
        tensor.upload(values);
      }
      return this;
    }

    void run() {
      recent.forward(batch, x, o);
      recent.backward(batch, dO, dX);
    }

    float[][] results() {
      return new float[][] {o.download(), dX.download()};
    }
  }
}
