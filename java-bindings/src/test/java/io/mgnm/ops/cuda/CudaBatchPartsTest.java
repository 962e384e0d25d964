package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What dividing a batch costs. */
@SimulatedCuda
class CudaBatchPartsTest {
  private static final int D = 16;
  private static final int PART = 8;
  private static final int LENGTH = 100;

  /** Ids, rows and sums move once; beside them a few words a warp say which. */
  @Test
  void movesEverythingOnce(Machine machine) {
    int[] lengths = new int[3 * PART];
    Arrays.fill(lengths, LENGTH);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Batch whole = subject.batch(lengths, 6, D, 1, 1);
      Batch part = subject.scope().batch(new BatchShape(PART, PART * LENGTH, LENGTH, 6, D, 1, 1));
      BatchParts parts = cuda.batchParts();
      parts.take(whole, 1, part);
      Tensor rows = subject.input(part.tensor(Axis.ITEMS, D, Lifetime.KEPT), 1);
      parts.put(whole, 1, part, rows, whole.tensor(Axis.ITEMS, D, Lifetime.KEPT));
      Tensor sum = subject.input(subject.scope().floats(1, 4096), 1);
      parts.add(0, sum, subject.scope().floats(1, 4096));
    }
    List<Counters> counters = machine.launches().stream().map(launch -> launch.counters()).toList();
    assertThat(counters).hasSize(3);
    long words = PART * (LENGTH + 6 + 3) + 2; // two ids and an offset beside items and candidates
    assertThat(counters.get(0).storeBytes()).isEqualTo(4 * words);
    assertThat(counters.get(1).storeBytes()).isEqualTo(4L * PART * LENGTH * D);
    assertThat(counters.get(2).storeBytes()).isEqualTo(4L * 4096);
    assertThat(counters.get(1).storeSectors()).isEqualTo(PART * LENGTH * D / 8);
    assertThat(counters.get(2).loadSectors()).isEqualTo(4096 / 8);
    for (Counters each : counters) {
      assertThat(each.sharedWavefronts()).isZero();
      assertThat(each.barriers()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 4", "16, 4", "40, 4", "64, 4", "7, 1"})
  void staysWithinItsRegisters(int d, int vector) {
    CompiledKernel.staysWithin(
        "batch_parts",
        Map.of("D", d, "VECTOR", vector),
        Map.of("batch_parts_take", 40, "batch_parts_put", 40, "batch_parts_add", 32));
  }
}
