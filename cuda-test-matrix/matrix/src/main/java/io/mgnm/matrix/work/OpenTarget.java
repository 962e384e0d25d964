package io.mgnm.matrix.work;

import io.mgnm.cuda.CudaDriver;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.cuda.CudaBackend;
import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.jcuda.SimulatedLibraries;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A target's backend, of exactly the kind that was asked for, with the machine behind it. */
public final class OpenTarget implements AutoCloseable {
  private final Target target;
  private final Machine machine; // null where the device is not simulated
  private final Backend backend;
  private int launchesSeen;
  private boolean spoiled;

  private OpenTarget(Target target, Machine machine, Backend backend) {
    this.target = target;
    this.machine = machine;
    this.backend = backend;
  }

  /** Opens a target; launches are not counted. */
  public static OpenTarget open(Target target) {
    return open(target, null, options -> options.withCounting(false));
  }

  /**
   * Opens a target.
   *
   * @param builder of kernels, or null for the compiler itself
   * @param options changes to the simulated machine
   * @throws io.mgnm.simulator.natives.NativesUnsupportedException where there can be no simulated
   *     device
   * @throws io.mgnm.ops.BackendUnavailableException where there is no backend of the kind
   */
  public static OpenTarget open(
      Target target, KernelBuilder builder, UnaryOperator<MachineOptions> options) {
    if (!target.onSimulator()) {
      return new OpenTarget(target, null, Backends.open(target.backend(), new BackendOptions(1)));
    }
    Machine machine = SimulatedLibraries.install(options.apply(target.machine()));
    try {
      KernelBuilder used = builder == null ? KernelCompiler.withDefaultCache() : builder;
      Backend backend = new CudaBackend(CudaDriver.devices().getFirst(), used);
      return new OpenTarget(target, machine, backend);
    } catch (RuntimeException | Error e) {
      machine.close();
      throw e;
    }
  }

  /** What runs the operations. */
  public Backend backend() {
    return backend;
  }

  /** Reports of the launches since the last call; none where the device is not simulated. */
  public List<LaunchReport> launches() {
    if (machine == null) {
      return List.of();
    }
    List<LaunchReport> all = machine.launches();
    List<LaunchReport> fresh = all.subList(launchesSeen, all.size());
    launchesSeen = all.size();
    return fresh;
  }

  /** What the simulated device found wrong since the last call. */
  public List<Finding> findings() {
    return machine == null ? List.of() : machine.findings().take();
  }

  /** What was opened. */
  public Target target() {
    return target;
  }

  /** A case threw: nothing more should run here, and what is left behind is no news. */
  void spoil() {
    spoiled = true;
  }

  boolean spoiled() {
    return spoiled;
  }

  /**
   * Ends it.
   *
   * @throws AssertionError with what was left behind, unless a case threw
   */
  @Override
  public void close() {
    List<String> wrong = new ArrayList<>();
    try {
      backend.close();
      if (backend instanceof CudaBackend cuda) {
        cuda.context().leaks().forEach(leak -> wrong.add("leak: " + leak));
      }
    } catch (RuntimeException e) { // as a device does that a fault ended
      wrong.add("closing the backend: " + e);
    } finally {
      if (machine != null) {
        machine.close();
      }
    }
    findings().forEach(finding -> wrong.add(finding.toString()));
    if (!wrong.isEmpty() && !spoiled) {
      throw new AssertionError(target + ": " + String.join("\n", wrong));
    }
  }
}
