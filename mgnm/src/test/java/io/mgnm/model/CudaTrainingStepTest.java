package io.mgnm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.model.TrainingStepParityTest.Run;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.StepState;
import io.mgnm.simulator.driver.CallTrace.Call;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import io.mgnm.train.TestRuns;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole steps on a simulated device. */
@SimulatedCuda
class CudaTrainingStepTest {
  static final int STEPS = 3;

  /** Nodes that the graph of a step has at most, with the default settings. */
  private static final int NODES = 25;

  /** As in {@link TrainingStepParityTest}, smaller. */
  static Settings settings() {
    return settings("truncation=12");
  }

  private static Settings settings(String assignments) {
    return TestRuns.settings("batch=12 truncation=12 adam.epsilon=0.1 " + assignments);
  }

  static Backend cuda(boolean graphs) {
    return Backends.open("cuda", new BackendOptions(1, graphs));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.interests=3",
        "encoder.implementation=cudnn",
        "encoder=bilstm-projected",
        "encoder=transformer",
        "encoder=none",
        "routing.encoded=agreement",
        "routing.init=zeros",
        "routing.recency=0.5",
        "dropout=0.3",
        "recent.weight=1.5",
        "readout=joint",
        "embedding.update=dense",
        TrainingStepParityTest.CORRECTED,
        "model.layers=0"
      })
  void batchesAreTheReferencesAndLossesAgree(String assignments) {
    TrainingStepParityTest.compare(settings(assignments), STEPS, cuda(true));
  }

  /**
   * From one seed CUDA and the CPU draw the reference's batches and negatives, and their losses are
   * within twice the error of plain single precision.
   */
  @Test
  void theFirstTwentyStepsAreThoseOfTheCpu() {
    TrainingStepParityTest.compare(
        settings(),
        TrainingStepParityTest.STEPS,
        cuda(true),
        Backends.open("cpu", new BackendOptions(2)));
  }

  /** As where memory is short: the same losses by the same rule, and the same bits in every run. */
  @ParameterizedTest
  @ValueSource(strings = {"persistent", "cudnn"})
  void inPartsTheLossesAgreeToo(String implementation) {
    Settings settings = settings().with(Key.ENCODER_IMPLEMENTATION, implementation);
    int parts = 5; // of 3 histories: the last is empty; the epoch's last batch fills two
    TrainingStepParityTest.compareInParts(parts, settings, STEPS, cuda(true));
    requireSame(
        TrainingStepParityTest.run(cuda(true), settings, STEPS, parts),
        TrainingStepParityTest.run(cuda(false), settings, STEPS, parts));
  }

  /** Between two looks at the loss the device is told one thing a step, and never waited for. */
  @Test
  void aStepIsOneGraphLaunch(Machine machine) {
    TrainingStepParityTest.use(
        cuda(true),
        settings(),
        (step, state, parameters) -> {
          int before = machine.trace().calls().size();
          for (int i = 0; i < STEPS; i++) {
            step.run();
          }
          // Making the context the thread's own gives the device nothing to do.
          List<String> calls =
              machine.trace().calls().stream()
                  .skip(before)
                  .map(Call::function)
                  .filter(function -> !function.equals("cuCtxSetCurrent"))
                  .toList();
          assertThat(calls).hasSize(STEPS).containsOnly("cuGraphLaunch");
          assertThat(state.read().stepsDone()).isEqualTo(STEPS);
        });
  }

  /**
   * Nor does a look at the loss make the device wait: the next steps are there before the answer.
   */
  @Test
  void theLossIsAskedForWithoutWaiting(Machine machine) {
    TrainingStepParityTest.Run expected =
        TrainingStepParityTest.run(cuda(true), settings(), 2 * STEPS);
    TrainingStepParityTest.use(
        cuda(true),
        settings(),
        (step, state, parameters) -> {
          state.read();
          int before = machine.trace().calls().size();
          for (int question = 0; question < 2; question++) {
            for (int i = 0; i < STEPS; i++) {
              step.run();
            }
            state.ask();
          }
          assertThat(machine.trace().calls().stream().skip(before).map(Call::function))
              .noneMatch(function -> function.contains("Synchronize"));
          for (long question = 0; question < 2; question++) {
            StepState.Progress answer = state.answer();
            assertThat(answer.stepsDone()).isEqualTo((question + 1) * STEPS);
            double sum =
                expected.losses().stream()
                    .skip(question * STEPS)
                    .limit(STEPS)
                    .mapToDouble(x -> x)
                    .sum();
            assertThat(answer.loss()).isEqualTo(sum);
          }
          assertThatThrownBy(state::answer).hasMessageContaining("expected a question");
        });
  }

  /** What cuDNN's encoder needs is there after one step, and lengths come from no copy. */
  @Test
  void stepsWithCudnnAllocateNothingAndReadNothing(Machine machine) {
    TrainingStepParityTest.use(
        cuda(true),
        settings().with(Key.ENCODER_IMPLEMENTATION, "cudnn"),
        (step, state, parameters) -> {
          step.run();
          int before = machine.trace().calls().size();
          for (int i = 0; i < STEPS; i++) {
            step.run();
          }
          assertThat(machine.trace().calls().stream().skip(before).map(Call::function))
              .doesNotContain("cuMemAlloc_v2", "cuMemcpyDtoHAsync_v2", "cuGraphLaunch")
              .contains("cudnnRNNForward");
        });
  }

  /** The defaults' step, but for the batch: its size decides no launch. */
  @Test
  void aStepHasFewNodes(Machine machine) {
    Settings defaults = Settings.of(Preset.DEFAULT).with(Key.BATCH, 4).with(Key.TRUNCATION, 12);
    TrainingStepParityTest.use(
        cuda(true),
        defaults,
        (step, state, parameters) -> {
          int before = machine.launches().size();
          step.run();
          state.read();
          List<String> nodes =
              machine.launches().stream().skip(before).map(LaunchReport::kernel).toList();
          assertThat(nodes).hasSizeLessThanOrEqualTo(NODES);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"persistent", "cudnn"})
  void withoutGraphsTheBitsAreTheSame(String implementation) {
    Settings settings = settings().with(Key.ENCODER_IMPLEMENTATION, implementation);
    requireSame(
        TrainingStepParityTest.run(cuda(true), settings, STEPS),
        TrainingStepParityTest.run(cuda(false), settings, STEPS));
  }

  static void requireSame(Run expected, Run came) {
    assertThat(came.losses()).isEqualTo(expected.losses());
    for (int i = 0; i < expected.parameters().size(); i++) {
      assertThat(came.parameters().get(i)).containsExactly(expected.parameters().get(i));
    }
  }
}
