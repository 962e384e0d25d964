package io.mgnm.simulator.driver;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.jcuda.SimulatedLibraries;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.opentest4j.TestAbortedException;

/** A machine that runs part of each grid, and one that is impatient. */
@ResourceLock("the simulated machine of this JVM")
class SampledLaunchTest {
  private static final int BLOCKS = 30;
  private static final int THREADS = 32;

  @Test
  void runsThisManyBlocksOfAGrid() {
    try (Machine machine = install(MachineOptions.defaults().withSampledBlocks(3))) {
      assertThat(launch()).isEqualTo(CUresult.CUDA_SUCCESS);
      assertThat(machine.launches())
          .singleElement()
          .satisfies(
              report -> {
                assertThat(report.sampled()).isTrue();
                assertThat(report.blocks()).isEqualTo(BLOCKS);
                assertThat(report.blocksRun()).isEqualTo(3);
                assertThat(report.counters().storeBytes()).isEqualTo(3 * THREADS * 4);
              });
    }
  }

  @Test
  void takesAWarpWithMoreInstructionsForEndless() {
    String endless =
        """
        .version 7.0
        .target sm_75
        .address_size 64
        .visible .entry endless()
        {
        AGAIN:
          bra AGAIN;
        }
        """;
    try (Machine machine = install(MachineOptions.defaults().withInstructionLimit(1000))) {
      try (Gpu gpu = new Gpu(0)) {
        Kernels kernel = new Kernels(endless, "endless"); // gone with the context that it ends
        Gpu.check(kernel.launch(1, THREADS, 0, null));
        assertThat(cuCtxSynchronize()).isNotEqualTo(CUresult.CUDA_SUCCESS);
      }
      assertThat(machine.findings().toString()).contains("ENDLESS");
    }
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

  private static int launch() {
    int n = BLOCKS * THREADS;
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats();
        Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add")) {
      CUdeviceptr c = memory.bytes(4 * n);
      CUdeviceptr a = memory.of(new float[n]);
      CUdeviceptr b = memory.of(new float[n]);
      Gpu.check(kernel.launch(BLOCKS, THREADS, 0, null, a, b, c, n));
      return cuCtxSynchronize();
    }
  }
}
