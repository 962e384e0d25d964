package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What dropout costs. */
@SimulatedCuda
class CudaDropoutTest {
  private static final int SECTOR = 32;

  /** Rows once in and once out; beside them a few words a history. */
  @ParameterizedTest
  @CsvSource({"8", "16", "20", "40", "64"})
  void movesEachRowOnce(int d, Machine machine) {
    int[] lengths = new int[16];
    Arrays.fill(lengths, 100);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, d)) {
      Batch batch = subject.batch(lengths, 1, d, 1, 1);
      StepState state = subject.scope().stepState();
      state.set(3, 0.1);
      Tensor x = subject.input(batch.tensor(Axis.ITEMS, d, Lifetime.KEPT), 1);
      cuda.dropout(new Dropout.Options(1, 0.25)).apply(state, batch, x);
    }
    Counters counters = machine.launches().getFirst().counters();
    long bytes = 1600L * d * 4;
    assertThat(machine.launches()).hasSize(1);
    assertThat(counters.storeBytes()).isEqualTo(bytes);
    assertThat((double) counters.storeSectors()).isLessThan(1.05 * bytes / SECTOR);
    assertThat((double) counters.loadSectors())
        .isLessThan(1.05 * bytes / SECTOR + 16 * 4 * 4); // four words by every warp of a history
    assertThat(counters.sharedWavefronts()).isZero();
    assertThat(counters.barriers()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"8, 4", "16, 4", "20, 4", "40, 4", "64, 4", "16, 1", "7, 1", "200, 4"})
  void staysWithinItsRegisters(int d, int vector) {
    CompiledKernel.staysWithin(
        "dropout", Map.of("D", d, "VECTOR", vector), Map.of("dropout_apply", 48));
  }
}
