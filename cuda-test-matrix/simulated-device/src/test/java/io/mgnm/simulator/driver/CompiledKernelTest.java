package io.mgnm.simulator.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.exec.Order;
import io.mgnm.simulator.jcuda.SimulatedLibraries;
import io.mgnm.simulator.launch.Nvrtc;
import java.util.Random;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** NVIDIA's compiler makes a kernel that JCuda runs, in every order and on every architecture. */
class CompiledKernelTest {
  private static final int ROWS = 7;
  private static final int COLUMNS = 100;

  /** Softmax of rows: a block a row, sums through shuffles and shared memory. */
  private static final String SOFTMAX =
      """
      extern "C" __global__ void softmax(const float* x, float* y, int columns) {
        extern __shared__ float partial[];
        const float* row = x + blockIdx.x * columns;
        float sum = 0;
        for (int i = threadIdx.x; i < columns; i += blockDim.x) sum += expf(row[i]);
        for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffff, sum, d);
        if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
        __syncthreads();
        float total = 0;
        for (int w = 0; w < blockDim.x / 32; ++w) total += partial[w];
        for (int i = threadIdx.x; i < columns; i += blockDim.x)
          y[blockIdx.x * columns + i] = expf(row[i]) / total;
      }
      """;

  @ParameterizedTest
  @CsvSource({
    "7.5,ascending,LATE", "7.5,descending,EAGER", "7.5,random,SEEDED",
    "8.6,ascending,SEEDED", "8.6,descending,LATE", "8.6,random,EAGER",
    "9.0,ascending,EAGER", "9.0,descending,SEEDED", "9.0,random,LATE"
  })
  void softmax(String capability, String order, Schedule schedule) {
    MachineOptions options =
        MachineOptions.defaults()
            .withCapability(capability)
            .withSchedule(schedule)
            .withOrder(
                switch (order) {
                  case "ascending" -> Order.ascending();
                  case "descending" -> Order.descending();
                  default -> Order.random(3);
                });
    String ptx = Nvrtc.ptx("softmax.cu", SOFTMAX, "sm_" + options.capability().number());
    try (Machine machine = SimulatedLibraries.install(options)) {
      run(ptx);
      machine.close();
      assertThat(machine.findings().all()).isEmpty();
      assertThat(machine.launches()).hasSize(1);
      assertThat(machine.launches().getFirst().counters().laneInstructionsTotal()).isPositive();
    }
  }

  private static void run(String ptx) {
    float[] x = new float[ROWS * COLUMNS];
    Random random = new Random(1);
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    float[] y;
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats();
        Kernels kernel = new Kernels(ptx, "softmax")) {
      CUdeviceptr device = memory.bytes(4L * x.length);
      Gpu.check(kernel.launch(ROWS, 64, 8, null, memory.of(x), device, COLUMNS));
      y = DeviceFloats.read(device, x.length);
    }
    for (int row = 0; row < ROWS; row++) {
      double sum = 0;
      for (int i = 0; i < COLUMNS; i++) {
        sum += Math.exp(x[row * COLUMNS + i]);
      }
      for (int i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
        double expected = Math.exp(x[i]) / sum;
        assertThat(Math.abs(y[i] - expected)).as("element %d", i).isLessThan(4e-6 * expected);
      }
    }
  }
}
