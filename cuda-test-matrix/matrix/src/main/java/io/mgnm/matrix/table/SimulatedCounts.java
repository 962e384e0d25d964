package io.mgnm.matrix.table;

import io.mgnm.bench.LaunchCounts;
import io.mgnm.cuda.CudaDriver;
import io.mgnm.data.BadInputException;
import io.mgnm.ops.Backend;
import io.mgnm.ops.cuda.CudaBackend;
import io.mgnm.simulator.count.Gpu;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.LaunchReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code mgnm bench} in a process of {@code mgnm simulate}: counts as in the table of kernels. */
public final class SimulatedCounts implements LaunchCounts {
  private Resources resources; // of the backend opened last

  @Override
  public boolean simulated() {
    return Machine.installed() != null;
  }

  @Override
  public Backend open() {
    MachineOptions options = Machine.installed().options();
    if (!options.counting()) {
      throw BadInputException.option(
          "a simulated device that counts", "--fast", "run mgnm simulate without --fast");
    }
    if (options.capability().number() != Gpu.H100.capability()) {
      throw BadInputException.option(
          "compute capability 9.0, which the estimate is for",
          options.capability().toString(),
          "run mgnm simulate without --compute-capability");
    }
    resources = new Resources();
    return new CudaBackend(CudaDriver.devices().getFirst(), resources);
  }

  @Override
  public List<KernelCost> count(Backend backend, Runnable work) {
    CudaBackend cuda = (CudaBackend) backend;
    Machine machine = Machine.installed();
    cuda.context().synchronize();
    int before = machine.launches().size();
    work.run();
    cuda.context().synchronize();
    List<LaunchReport> all = machine.launches();
    Map<String, List<LaunchReport>> byKernel = new LinkedHashMap<>();
    for (LaunchReport launch : all.subList(before, all.size())) {
      byKernel.computeIfAbsent(launch.kernel(), name -> new ArrayList<>()).add(launch);
    }
    List<KernelCost> costs = new ArrayList<>();
    byKernel.forEach(
        (name, launches) -> {
          Cost cost = Cost.of(launches, resources);
          costs.add(
              new KernelCost(
                  name,
                  cost.launches(),
                  cost.bytes(),
                  cost.instructions(),
                  cost.seconds(),
                  cost.boundSeconds(),
                  cost.boundBy()));
        });
    return costs;
  }
}
