package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.GraphConvolution.Input;
import io.mgnm.ops.GraphConvolution.Normalisation;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of graph_convolution cost, which way they take, and that all ways agree. */
@SimulatedCuda
class CudaGraphConvolutionTest {
  private static final int SECTOR = 32;
  private static final int LAYERS = 3;
  private static final GraphConvolution.Options DEFAULT =
      new GraphConvolution.Options(Normalisation.SYMMETRIC, true, Input.PREVIOUS, 0.2f, 0.1f);
  private static final List<String> LAUNCHES =
      List.of("graph_convolution_forward", "graph_convolution_backward", "graph_convolution_sum");

  /**
   * Of 4,096 histories one block's share: items and levels move once, W and its partial gradient
   * once a block. Memory is unwritten where the other blocks' share would be.
   */
  @ParameterizedTest
  @SimulatedCuda(sampledBlocks = 1, without = Check.UNINITIALISED)
  @CsvSource({"16, 10", "16, 50", "16, 100", "40, 10", "40, 50", "40, 100"})
  void movesLittleMoreThanItMust(int d, int n, Machine machine) {
    int histories = 4096;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = shape(histories, histories * n, n, d, LAYERS);
      new Tensors(cuda, scope, shape).upload(lengths(histories, n)).run();
    }
    assertThat(machine.launches()).extracting(LaunchReport::kernel).isEqualTo(LAUNCHES);
    LaunchReport forward = machine.launches().get(0);
    LaunchReport backward = machine.launches().get(1);
    assertThat(forward.blocksRun()).isEqualTo(1);
    assertThat(backward.blocksRun()).isEqualTo(1);
    long share = Math.ceilDiv(histories, forward.blocks()); // the first block's
    long row = d;
    check(forward, share * (n * row * (LAYERS + 2) + row + 1) + row * row);
    check(backward, share * (n * row * (2 * LAYERS + 3) + 2 * row) + 2 * row * row);
  }

  private static void check(LaunchReport launch, long floats) {
    Counters counters = launch.counters();
    long moved = (counters.loadSectors() + counters.storeSectors()) * SECTOR;
    assertThat((double) moved / (Float.BYTES * floats)).as("%s", launch).isBetween(1.0, 1.25);
    assertThat(counters.sharedConflicts())
        .as("%s", launch)
        .isLessThanOrEqualTo(counters.sharedWavefronts() / 20);
  }

  /** Room for a long history leaves little of shared memory: others are held in other ways. */
  @Test
  void everyWayOfHoldingAHistoryGivesTheSameBits() {
    int[] lengths = {30, 120, 54, 110};
    int items = Arrays.stream(lengths).sum();
    BatchShape roomy = shape(4, items, 2000, 64, 2);
    BatchShape exact = shape(4, items, 120, 64, 2);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      CudaGraphConvolution graph = (CudaGraphConvolution) cuda.graphConvolution(DEFAULT);
      ways(graph.forwardPlan(roomy), lengths, 54, 110);
      ways(graph.backwardPlan(roomy), lengths, 30, 30);
      ways(graph.forwardPlan(exact), lengths, 120, 120);
      ways(graph.backwardPlan(exact), lengths, 54, 120);
      Tensors some = new Tensors(cuda, scope, roomy).upload(lengths);
      Tensors others = new Tensors(cuda, scope, exact).upload(lengths);
      some.run();
      others.run();
      assertThat(some.results()).isDeepEqualTo(others.results());
    }
  }

  /** The longest of {@code lengths} that are kept and that are resident, as a plan decides. */
  private static void ways(HistoryPlan plan, int[] lengths, int kept, int resident) {
    assertThat(longest(lengths, plan.keep())).as("%s keeps", plan).isEqualTo(kept);
    assertThat(longest(lengths, plan.resident())).as("%s holds", plan).isEqualTo(resident);
  }

  private static int longest(int[] lengths, int most) {
    return Arrays.stream(lengths).filter(n -> n <= most).max().orElse(0);
  }

  /** Recorded once, for whatever the batch holds when it runs: other histories, fewer, none. */
  @Test
  void followsTheBatchInARecording(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = shape(6, 60, 40, 16, LAYERS);
      Tensors recorded = new Tensors(cuda, scope, shape).upload(3, 1, 40, 7, 2, 7);
      Tensors direct = new Tensors(cuda, scope, shape);
      try (Sequence sequence = cuda.record("graph", recorded::run)) {
        for (int[] lengths : new int[][] {{3, 1, 40, 7, 2, 7}, {33}, {}, {20, 20, 20}}) {
          recorded.upload(lengths);
          sequence.run();
          direct.upload(lengths).run();
          assertThat(recorded.results()).isDeepEqualTo(direct.results());
        }
      }
    }
    assertThat(machine.launches()).hasSize(8 * LAUNCHES.size());
  }

  /** Two blocks a multiprocessor, but for the backward's from 10.0 on. */
  @ParameterizedTest
  @CsvSource({
    "8, 75, 0",
    "16, 90, 0",
    "16, 120, 0",
    "20, 86, 1",
    "32, 90, 0",
    "40, 90, 2",
    "40, 120, 0",
    "64, 90, 0"
  })
  void staysWithinItsRegisters(int d, int capability, int normalisation) {
    CompiledKernel.staysWithin(
        "graph_convolution",
        Map.of("D", d, "L", LAYERS, "NORMALISATION", normalisation),
        Map.of(
            "graph_convolution_forward", 128,
            "graph_convolution_backward", capability >= 100 ? 255 : 128,
            "graph_convolution_sum", 40),
        capability);
  }

  private static BatchShape shape(int histories, int items, int longest, int d, int layers) {
    return new BatchShape(histories, items, longest, 0, d, layers + 1, 1);
  }

  private static int[] lengths(int histories, int n) {
    int[] lengths = new int[histories];
    Arrays.fill(lengths, n);
    return lengths;
  }

  private static final class Tensors {
    final GraphConvolution graph;
    final Batch batch;
    final Tensor x;
    final Tensor u;
    final Tensor w;
    final Tensor levels;
    final Tensor l1;
    final Tensor dX;
    final Tensor dU;
    final Tensor dW;

    Tensors(Backend backend, Scope scope, BatchShape shape) {
      graph = backend.graphConvolution(DEFAULT);
      batch = scope.batch(shape);
      int d = shape.d();
      x = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
      u = batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT);
      w = scope.floats(d, d);
      levels = batch.tensor(Axis.ITEMS, shape.levels() * d, Lifetime.KEPT);
      l1 = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      dX = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
      dU = batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT);
      dW = scope.floats(d, d);
    }

    /** Other histories, and inputs that depend on how many values there are only. */
    Tensors upload(int... lengths) {
      batch.upload(CudaHistories.of(lengths));
      for (Tensor input : List.of(x, u, w)) {
        Random random = new Random(input.size());
        float[] values = new float[input.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = random.nextFloat() - 0.5f;
        }
        input.upload(values);
      }
      return this;
    }

    void forward() {
      graph.forward(batch, x, u, w, levels, l1);
    }

    /** Forward and backward, which takes the levels for their gradient. */
    void run() {
      forward();
      graph.backward(batch, x, u, w, levels, levels, dX, dU, dW);
    }

    float[][] results() {
      return new float[][] {
        levels.download(), l1.download(), dX.download(), dU.download(), dW.download()
      };
    }
  }
}
