package io.mgnm.simulator.junit;

import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.jcuda.SimulatedLibraries;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;

/** What {@link SimulatedCuda} does. */
final class SimulatedCudaExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(SimulatedCudaExtension.class);

  @Override
  public void beforeEach(ExtensionContext context) {
    try {
      Machine machine = SimulatedLibraries.install(options(context));
      context.getStore(NAMESPACE).put(Machine.class, machine);
    } catch (NativesUnsupportedException e) {
      if (Boolean.getBoolean("simulated.cuda.required")) {
        throw e;
      }
      throw new TestAbortedException("the simulated CUDA device is unsupported: " + e.getMessage());
    }
  }

  private static MachineOptions options(ExtensionContext context) {
    SimulatedCuda wanted =
        AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), SimulatedCuda.class)
            .or(
                () ->
                    AnnotationSupport.findAnnotation(
                        context.getRequiredTestClass(), SimulatedCuda.class))
            .orElseThrow();
    Set<Check> checks = EnumSet.allOf(Check.class);
    List.of(wanted.without()).forEach(checks::remove);
    return MachineOptions.defaults()
        .withChecks(checks)
        .withCounting(wanted.counting())
        .withSampledBlocks(wanted.sampledBlocks())
        .withThreads(wanted.threads())
        .withCapability(wanted.computeCapability())
        .withDevices(wanted.devices())
        .withSchedule(wanted.schedule())
        .withOrder(wanted.order().of(wanted.seed()))
        .withSeed(wanted.seed())
        .withMemoryBytes(wanted.memoryBytes());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Machine machine = context.getStore(NAMESPACE).remove(Machine.class, Machine.class);
    if (machine == null) {
      return;
    }
    machine.close();
    if (!machine.findings().isEmpty()) {
      throw new AssertionError("the simulated device found:\n" + machine.findings());
    }
    if (!machine.faults().allHappened()) {
      throw new AssertionError("a planned fault was never met: the call it names did not come");
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Machine.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context.getStore(NAMESPACE).get(Machine.class, Machine.class);
  }
}
