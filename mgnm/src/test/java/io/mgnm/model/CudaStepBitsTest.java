package io.mgnm.model;

import static io.mgnm.model.CudaTrainingStepTest.STEPS;
import static io.mgnm.model.CudaTrainingStepTest.cuda;
import static io.mgnm.model.CudaTrainingStepTest.requireSame;
import static io.mgnm.model.CudaTrainingStepTest.settings;

import io.mgnm.SimulatedMachines;
import io.mgnm.model.TrainingStepParityTest.Run;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Order;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Neither the order in which blocks and lanes take turns nor the device decides a bit. */
@ResourceLock(SimulatedMachines.LOCK)
class CudaStepBitsTest {
  @Test
  void everyOrderAndDeviceGivesTheSameBits() {
    MachineOptions options = MachineOptions.defaults();
    List<Run> runs = new ArrayList<>();
    for (MachineOptions machine :
        List.of(
            options,
            options,
            options.withOrder(Order.random(7)),
            options.withOrder(Order.descending()).withCapability("8.6"),
            options.withOrder(Order.random(8)).withCapability("7.5"))) {
      SimulatedMachines.run(
          machine,
          installed -> runs.add(TrainingStepParityTest.run(cuda(true), settings(), STEPS)));
    }
    for (Run run : runs) {
      requireSame(runs.getFirst(), run);
    }
  }
}
