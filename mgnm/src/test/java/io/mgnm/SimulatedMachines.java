package io.mgnm;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.jcuda.SimulatedLibraries;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import java.util.List;
import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;

/**
 * Simulated machines one after another, for tests that compare them; where one is enough there is
 * {@link io.mgnm.simulator.junit.SimulatedCuda}.
 */
public final class SimulatedMachines {
  /** The lock under which {@code @SimulatedCuda} tests run. */
  public static final String LOCK = "the simulated machine of this JVM";

  private SimulatedMachines() {}

  /** Runs a program on a machine that must find nothing wrong with it. */
  public static void run(MachineOptions options, Consumer<Machine> program) {
    assertThat(findings(options, program)).as("%s", options).isEmpty();
  }

  /** Runs a program on a machine and returns what that found, down to what was left behind. */
  public static List<Finding> findings(MachineOptions options, Consumer<Machine> program) {
    Machine machine = install(options);
    try (machine) {
      program.accept(machine);
    }
    return machine.findings().take();
  }

  private static Machine install(MachineOptions options) {
    try {
      return SimulatedLibraries.install(options);
    } catch (NativesUnsupportedException e) {
      if (Boolean.getBoolean("simulated.cuda.required")) {
        throw e;
      }
      throw new TestAbortedException("no simulated CUDA device: " + e.getMessage(), e);
    }
  }
}
