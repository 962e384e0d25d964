package io.mgnm.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.cuda.CudaDriver;
import io.mgnm.cuda.MemoryLedger;
import io.mgnm.ops.cuda.CudaBackend;
import io.mgnm.simulator.driver.CallTrace.Call;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.junit.SimulatedCuda;
import io.mgnm.train.TestRuns;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training takes its memory once: what it holds is the same after many steps. */
@SimulatedCuda(
    without = {
      Check.UNINITIALISED,
      Check.SHARED_RACE,
      Check.BLOCK_CONFLICT,
      Check.SHUFFLE_SOURCE,
      Check.ASYNC_COPY
    },
    counting = false)
class CudaLedgerTest {
  private static final int READ_EVERY = 16;

  /** What takes memory, or makes something that holds some. */
  private static final String TAKES = "cu.*(Alloc|Create|Instantiate|ModuleLoad|HostRegister).*";

  private static Settings settings(String implementation) {
    return TestRuns.settings()
        .with(Key.BATCH, 2)
        .with(Key.TRUNCATION, 3)
        .with(Key.NEGATIVES, 2)
        .with(Key.EPSILON, 0.1)
        .with(Key.ENCODER_IMPLEMENTATION, implementation);
  }

  @Test
  void isFlatOverSomeSteps(Machine machine) {
    isFlat(machine, "persistent", 100);
  }

  @ParameterizedTest
  @ValueSource(strings = {"persistent", "cudnn"})
  @Tag("long")
  void isFlatOverAThousandSteps(String implementation, Machine machine) {
    isFlat(machine, implementation, 1_000);
  }

  private static void isFlat(Machine machine, String implementation, int steps) {
    CudaBackend backend = new CudaBackend(CudaDriver.devices().getFirst());
    MemoryLedger ledger = backend.context().ledger();
    TrainingStepParityTest.use(
        backend,
        settings(implementation),
        (step, state, parameters) -> {
          step.run();
          state.read();
          long bytes = ledger.bytes();
          String holders = ledger.describe();
          machine.trace().clear();
          for (int i = 1; i < steps; i++) {
            step.run();
            if (i % READ_EVERY == 0) {
              state.read();
              assertThat(ledger.bytes()).as("step %d", i + 1).isEqualTo(bytes);
            }
          }
          assertThat(state.read().stepsDone()).isEqualTo(steps);
          assertThat(ledger.describe()).isEqualTo(holders);
          assertThat(machine.trace().calls().stream().map(Call::function))
              .noneMatch(function -> function.matches(TAKES));
        });
    assertThat(ledger.bytes()).isZero();
  }
}
