package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.ComputeCapability;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.simulator.launch.LoadedModule;
import io.mgnm.simulator.memory.DeviceMemory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulated device knows every instruction that the compiler makes of the kernels. */
class SimulatedFormsTest {
  @ParameterizedTest
  @ValueSource(strings = {"7.5", "8.6", "9.0"})
  void everyKernelLoads(String capability) {
    assumeThat(KernelCompiler.unavailable()).isEmpty();
    int number = Integer.parseInt(capability.replace(".", ""));
    CompileTarget target =
        new CompileTarget(ComputeCapability.ofNumber(number), CompileTarget.Form.PTX);
    for (String stem : KernelCatalogue.stems()) {
      KernelSource source =
          new KernelSource(
              KernelCatalogue.fileName(stem),
              KernelCatalogue.source(stem),
              KernelCatalogue.headers());
      byte[] ptx = KernelCompiler.withDefaultCache().compile(source, List.of(), target).code();
      LoadedModule module =
          LoadedModule.load(
              new String(ptx, StandardCharsets.UTF_8),
              new DeviceMemory(1L << 30),
              io.mgnm.simulator.exec.ComputeCapability.parse(capability));
      source.kernels().forEach(kernel -> assertThat(module.kernel(kernel.name())).isNotNull());
      module.unload();
    }
  }
}
