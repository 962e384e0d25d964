package io.mgnm.simulator.junit;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedSuccessfully;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.Check;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** What a finding, a leak and a fault that never came do to a test. */
class SimulatedCudaExtensionTest {

  @Disabled("only run by the tests below")
  @SimulatedCuda(devices = 2, computeCapability = "8.6")
  static class Inner {
    @Test
    void leaks() {
      cuInit(0);
      CUdevice device = new CUdevice();
      cuDeviceGet(device, 0);
      cuCtxCreate(new CUcontext(), 0, device);
      cuMemAlloc(new CUdeviceptr(), 1234);
    }

    @Test
    void plansAFaultInVain(Machine machine) {
      machine.faults().fail("cuMemAlloc_v2", 1, 2);
    }

    @Test
    @SimulatedCuda(computeCapability = "7.5", without = Check.SHARED_RACE, threads = 2)
    void theMethodsAnnotationWins(Machine machine) {
      assertThat(machine.options().capability().number()).isEqualTo(75);
      assertThat(machine.options().devices()).isEqualTo(1);
      assertThat(machine.options().threads()).isEqualTo(2);
      assertThat(machine.options().checks()).doesNotContain(Check.SHARED_RACE).isNotEmpty();
    }
  }

  private static Events run(String method, Class<?>... parameters) {
    return EngineTestKit.engine("junit-jupiter")
        .configurationParameter("junit.jupiter.conditions.deactivate", "org.junit.*Disabled*")
        .selectors(selectMethod(Inner.class, method, parameters))
        .execute()
        .testEvents();
  }

  @Test
  void aLeakFailsTheTest() {
    run("leaks")
        .assertThatEvents()
        .haveExactly(
            1,
            event(
                finishedWithFailure(
                    message(text -> text.contains("LEAK") && text.contains("1234")))));
  }

  @Test
  void aFaultThatNeverCameFailsTheTest() {
    run("plansAFaultInVain", Machine.class)
        .assertThatEvents()
        .haveExactly(
            1, event(finishedWithFailure(message(text -> text.contains("planned fault")))));
  }

  @Test
  void theMethodsAnnotationReplacesTheClasss() {
    run("theMethodsAnnotationWins", Machine.class)
        .assertThatEvents()
        .haveExactly(1, event(finishedSuccessfully()));
  }
}
