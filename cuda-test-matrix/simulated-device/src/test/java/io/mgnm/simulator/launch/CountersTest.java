package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.count.Estimate;
import io.mgnm.simulator.count.Gpu;
import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.count.Occupancy;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.exec.Order;
import org.junit.jupiter.api.Test;

/** Counters against numbers that follow from the kernel on paper. */
class CountersTest {
  private static final String SOURCE =
      """
      extern "C" __global__ void copy(const float* in, float* out, int stride) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        out[i] = in[i * stride];
      }
      extern "C" __global__ void banks(float* out, int stride) {
        __shared__ float s[32 * 33];
        for (int k = threadIdx.x; k < 32 * 33; k += 32) s[k] = k;
        __syncthreads();
        out[threadIdx.x] = s[threadIdx.x * stride];
      }
      extern "C" __global__ void special(float* out) {
        out[threadIdx.x] = exp2f(threadIdx.x);
      }
      extern "C" __global__ void clash(float* out) { out[threadIdx.x] = blockIdx.x; }
      """;

  private static Counters copy(int stride) {
    Bench bench = Bench.cuda(SOURCE, "9.0");
    long in = bench.floats(new float[256 * stride]);
    return bench.run("copy", 2, 128, in, bench.uninitialised(1024), stride).counters();
  }

  @Test
  void sectorsOfGlobalAccesses() {
    Counters dense = copy(1);
    assertThat(dense.loadBytes()).isEqualTo(1024);
    assertThat(dense.loadSectors()).isEqualTo(32);
    assertThat(dense.storeSectors()).isEqualTo(32);
    assertThat(dense.touchedSectors()).isEqualTo(64);
    assertThat(copy(2).loadSectors()).isEqualTo(64);
    assertThat(copy(8).loadSectors()).isEqualTo(256);
    assertThat(copy(33).loadSectors()).isEqualTo(256);
    assertThat(dense.warpInstructions().get(InstructionClass.GLOBAL_LOAD)).isEqualTo(8);
    assertThat(dense.laneInstructions().get(InstructionClass.GLOBAL_LOAD)).isEqualTo(256);
    assertThat(dense.divergentBranches()).isZero();
  }

  private static long conflicts(int stride) {
    Bench bench = Bench.cuda(SOURCE, "9.0");
    return bench.run("banks", 1, 32, bench.uninitialised(128), stride).counters().sharedConflicts();
  }

  @Test
  void bankConflicts() {
    assertThat(conflicts(0)).isZero();
    assertThat(conflicts(1)).isZero();
    assertThat(conflicts(33)).isZero();
    assertThat(conflicts(2)).isEqualTo(1);
    assertThat(conflicts(8)).isEqualTo(7);
    assertThat(conflicts(32)).isEqualTo(31);
  }

  @Test
  void hostThreadsChangeNothing() {
    for (Order order : new Order[] {Order.ascending(), Order.random(4)}) {
      Counters[] counters = new Counters[2];
      float[][] results = new float[2][];
      for (int threads = 1; threads <= 2; threads++) {
        Bench bench = Bench.cuda(SOURCE, "9.0");
        bench.order = order;
        float[] x = new float[4096];
        for (int i = 0; i < x.length; i++) {
          x[i] = i;
        }
        long out = bench.uninitialised(4 * 4096);
        counters[threads - 1] =
            bench
                .launch("copy", 32, 128, bench.floats(x), out, 1)
                .threads(threads)
                .run()
                .counters();
        results[threads - 1] = bench.readFloats(out, 4096);
        assertThat(results[threads - 1]).isEqualTo(x);
      }
      assertThat(counters[1]).isEqualTo(counters[0]);
    }
  }

  @Test
  void hostThreadsReportConflictsAsOneDoes() {
    LaunchReport[] reports = new LaunchReport[2];
    for (int threads = 1; threads <= 2; threads++) {
      Bench bench = Bench.cuda(SOURCE, "9.0");
      long out = bench.floats(new float[32]);
      reports[threads - 1] = bench.launch("clash", 4, 32, out).threads(threads).run();
      assertThat(bench.readFloats(out, 32)).containsOnly(3f);
    }
    assertThat(reports[0].findings()).hasSize(1);
    assertThat(reports[1]).isEqualTo(reports[0]);
  }

  @Test
  void samplesAreMarked() {
    Bench bench = Bench.cuda(SOURCE, "9.0");
    LaunchReport report =
        bench
            .launch("copy", 100, 128, bench.floats(new float[12800]), bench.uninitialised(51200), 1)
            .sample(10)
            .run();
    assertThat(report.sampled()).isTrue();
    assertThat(report.blocksRun()).isEqualTo(10);
    assertThat(report.counters().loadSectors()).isEqualTo(10 * 16);
  }

  @Test
  void occupancy() {
    assertThat(Occupancy.of(Gpu.H100, 256, 32, 0).blocksPerSm()).isEqualTo(8);
    assertThat(Occupancy.of(Gpu.H100, 256, 128, 0).blocksPerSm()).isEqualTo(2);
    assertThat(Occupancy.of(Gpu.H100, 128, 32, 100 * 1024).blocksPerSm()).isEqualTo(2);
    assertThat(Occupancy.of(Gpu.H100, 32, 16, 0).blocksPerSm()).isEqualTo(32);
    assertThat(Occupancy.of(Gpu.T4, 1024, 64, 0).fraction()).isEqualTo(1.0);
    assertThat(Occupancy.of(Gpu.RTX_3090, 512, 40, 0).warpsPerSm()).isEqualTo(48);
  }

  @Test
  void estimateNamesItsBound() {
    Counters counters = copy(1);
    Occupancy occupancy = Occupancy.of(Gpu.H100, 128, 32, 0);
    Estimate small = Estimate.of(counters, 1, 2, occupancy, Gpu.H100);
    assertThat(small.boundBy()).isEqualTo("longest chain");
    Estimate large = Estimate.of(counters, 1e6, 2, occupancy, Gpu.H100);
    assertThat(large.boundBy()).isEqualTo("DRAM");
    assertThat(large.seconds()).isCloseTo(64e6 * 32 / 3.35e12 + 2e-6, within(1e-9));
  }

  @Test
  void impossibleLaunchesAreRefused() {
    Bench bench = Bench.cuda(SOURCE, "7.5");
    Launch big = bench.launch("clash", 1, 2048, 0L);
    assertThatThrownBy(big::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2048 threads");
    Launch greedy = bench.launch("clash", 1, 32, 0L).dynamicShared(65 * 1024);
    assertThatThrownBy(greedy::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a block may have 65536");
  }
}
