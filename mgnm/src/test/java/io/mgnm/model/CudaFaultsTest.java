package io.mgnm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.mgnm.SimulatedMachines;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.simulator.driver.CallTrace.Call;
import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Check;
import io.mgnm.train.TestRuns;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Every function of the driver, of cuBLAS and of cuDNN that training calls fails once: at its
 * first, its middle and its last call. Each ends in an exception that names the call and the code,
 * with everything given back.
 */
@ResourceLock(SimulatedMachines.LOCK)
class CudaFaultsTest {
  private static final int UNKNOWN = 999; // CUDA_ERROR_UNKNOWN
  private static final int OUT_OF_MEMORY = 2;
  private static final int LIBRARY_FAILED = 13; // CUBLAS_STATUS_EXECUTION_FAILED
  private static final int CUDNN_FAILED = 5000; // CUDNN_STATUS_EXECUTION_FAILED

  private static final MachineOptions MACHINE =
      MachineOptions.defaults().withChecks(EnumSet.noneOf(Check.class)).withCounting(false);

  /** What gives something back, or must come before: where it fails, something is lost. */
  private static final List<String> RELEASES =
      List.of("Free", "Destroy", "Unload", "Release", "SetCurrent");

  private static Settings settings(String encoder, String implementation) {
    return TestRuns.settings()
        .with(Key.BATCH, 4)
        .with(Key.TRUNCATION, 12)
        .with(Key.ENCODER, encoder)
        .with(Key.ENCODER_IMPLEMENTATION, implementation);
  }

  @Test
  void withAGraph() {
    everyCallFailsOnce(settings("bilstm", "persistent"));
  }

  @Test
  void withCudnnAndCublas() {
    everyCallFailsOnce(settings("bilstm-projected", "cudnn"));
  }

  private static void everyCallFailsOnce(Settings settings) {
    Map<String, Long> counts = new LinkedHashMap<>();
    SimulatedMachines.run(
        MACHINE,
        machine -> {
          train(settings);
          for (Call call : machine.trace().calls()) {
            counts.merge(call.function(), 1L, Long::sum);
          }
        });
    List<String> failures = new ArrayList<>();
    counts.forEach(
        (function, count) -> {
          for (long n : new TreeSet<>(List.of(1L, (count + 1) / 2, count))) {
            String fault = fails(settings, function, Math.toIntExact(n));
            if (!fault.isEmpty()) {
              failures.add("%s, call %d of %d: %s".formatted(function, n, count, fault));
            }
          }
        });
    assertThat(failures).isEmpty();
  }

  /** What is wrong with how a failure ends; nothing where it ends well. */
  private static String fails(Settings settings, String function, int n) {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    List<Finding> findings =
        SimulatedMachines.findings(
            MACHINE,
            machine -> {
              machine.faults().fail(function, n, code(function));
              thrown.set(catchThrowable(() -> train(settings)));
            });
    Throwable failure = thrown.get();
    if (failure == null) {
      return "went unnoticed";
    }
    if (!failure.getMessage().contains(function.replaceAll("(_v\\d+|WithFlags)$", ""))) {
      return "does not name the call: " + failure;
    }
    boolean releases = RELEASES.stream().anyMatch(function::contains);
    return findings.stream()
        .filter(finding -> !(releases && finding.kind() == Finding.Kind.LEAK))
        .map(Finding::toString)
        .collect(Collectors.joining("; "));
  }

  private static int code(String function) {
    if (function.startsWith("cublas")) {
      return LIBRARY_FAILED;
    }
    if (function.startsWith("cudnn")) {
      return CUDNN_FAILED;
    }
    return function.contains("Alloc") ? OUT_OF_MEMORY : UNKNOWN;
  }

  private static void train(Settings settings) {
    TrainingStepParityTest.use(
        Backends.open("cuda", new BackendOptions(1)),
        settings,
        (step, state, parameters) -> {
          step.run();
          step.run();
          assertThat(state.read().stepsDone()).isEqualTo(2);
        });
  }
}
