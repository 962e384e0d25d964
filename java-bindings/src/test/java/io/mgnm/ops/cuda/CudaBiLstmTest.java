package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of bilstm cost: launches, memory traffic, bank conflicts, registers. */
@SimulatedCuda
class CudaBiLstmTest {
  private static final int SECTOR = 32;
  private static final int LEVELS = 4;
  private static final int INTERESTS = 4;
  private static final int CAPSULES = LEVELS * INTERESTS;

  /** One step's tensors. */
  private static final class Step {
    final BiLstm lstm;
    final Batch batch;
    final Tensor z;
    final Tensor w;
    final Tensor y;
    final Tensor tape;
    final Tensor dY;
    final Tensor dZ;
    final Tensor dW;

    Step(Backend cuda, Scope scope, int d, boolean projected, BatchShape capacity) {
      lstm = cuda.biLstm(new BiLstm.Options(d, projected));
      batch = scope.batch(capacity);
      w = scope.floats(1, lstm.weights());
      dW = scope.floats(1, lstm.weights());
      z = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      y = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      dY = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      dZ = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      tape = lstm.tape(batch, Lifetime.KEPT);
    }

    void fill(int... lengths) {
      batch.upload(histories(lengths));
      for (Tensor tensor : List.of(w, z, dY)) {
        float[] values = new float[tensor.size()];
        SplittableRandom random = new SplittableRandom(values.length);
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextDouble(-0.5, 0.5);
        }
        tensor.upload(values);
      }
    }

    void run() {
      lstm.forward(batch, z, w, y, tape);
      lstm.backward(batch, z, w, y, tape, dY, dZ, dW);
    }

    List<float[]> results() {
      return List.of(y.download(), dZ.download(), dW.download());
    }
  }

  private static Histories histories(int... lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      offsets[i + 1] = offsets[i] + lengths[i];
    }
    int items = offsets[lengths.length];
    return new Histories(
        new int[lengths.length], new int[lengths.length], offsets, new int[items], new int[0]);
  }

  private static BatchShape capacity(int histories, int longest, int d) {
    return new BatchShape(histories, histories * longest, longest, 0, d, LEVELS, INTERESTS);
  }

  /**
   * Sectors that leave the SM, with no hit in L1 assumed, against the least: z in and y out; z, y,
   * dY in and dZ out. Weights and partial sums come on top, once a block and whole.
   */
  @ParameterizedTest
  @CsvSource({"16, 10", "16, 50", "16, 100", "40, 10", "40, 50", "40, 100"})
  void movesLittleMoreThanItMust(int d, int n, Machine machine) {
    int histories = 4;
    int[] lengths = new int[histories];
    Arrays.fill(lengths, n);
    BiLstm.Options options = new BiLstm.Options(d, false);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Step step = new Step(cuda, scope, d, false, capacity(histories, n, d));
      step.fill(lengths);
      step.run();
      step.results();
    }
    List<LaunchReport> launches = machine.launches();
    assertThat(launches)
        .extracting(LaunchReport::kernel)
        .containsExactly("bilstm_forward", "bilstm_backward", "bilstm_sum");
    double tensor = 4.0 * d * n * histories * CAPSULES / SECTOR;
    double weights = 4.0 * options.weights() / SECTOR;
    check(launches.get(0), 2 * tensor, weights);
    check(launches.get(1), 4 * tensor, 2 * weights);
  }

  private static void check(LaunchReport launch, double least, double ofBlock) {
    Counters counters = launch.counters();
    double sectors = counters.loadSectors() + counters.storeSectors();
    assertThat(sectors)
        .as(launch.kernel())
        .isLessThan(1.25 * least + 1.01 * ofBlock * launch.blocks());
    assertThat((double) counters.sharedConflicts())
        .as(launch.kernel())
        .isLessThan(0.05 * counters.sharedWavefronts());
  }

  /** One recording serves whatever the batch holds, and nothing behind its end is touched. */
  @Test
  void oneRecordingServesOtherContents() {
    int d = 16;
    int[][] contents = {{20, 7, 33}, {9}, {}, {33, 33, 33}};
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Step recorded = new Step(cuda, scope, d, false, capacity(3, 33, d));
      try (Sequence sequence = cuda.record("bilstm", recorded::run)) {
        for (int[] lengths : contents) {
          recorded.fill(lengths);
          float[] poison = new float[recorded.dW.size()];
          Arrays.fill(poison, Float.NaN);
          recorded.dW.upload(poison);
          sequence.run();
          Step alone = new Step(cuda, scope, d, false, capacity(3, 33, d));
          alone.fill(lengths);
          alone.run();
          List<float[]> expected = alone.results();
          List<float[]> came = recorded.results();
          for (int i = 0; i < expected.size(); i++) {
            assertThat(came.get(i)).containsExactly(expected.get(i));
          }
          if (lengths.length == 0) {
            assertThat(came.get(2)).containsOnly(0f);
          }
        }
      }
    }
  }

  /** Nothing spills, and the forward leaves room for 16 warps at d 16, for 12 at 40. */
  @ParameterizedTest
  @CsvSource({"16, false, 128, 255", "40, false, 168, 168"})
  void staysWithinItsRegisters(int d, boolean projected, int forward, int backward) {
    staysWithin(d, projected, forward, backward, CompiledKernel.CAPABILITIES);
  }

  private static void staysWithin(
      int d, boolean projected, int forward, int backward, int... capabilities) {
    Map<String, Integer> constants =
        new HashMap<>(BiLstmPlan.of(new BiLstm.Options(d, projected)).constants());
    constants.putAll(Map.of("STAGED", 1, "KEPT", d % 16 == 0 ? 0 : 1, "SUMMED", 1));
    CompiledKernel.staysWithin(
        "bilstm",
        constants,
        Map.of(
            "bilstm_forward", forward,
            "bilstm_backward", backward,
            "bilstm_sum", 40,
            "bilstm_pack", 40,
            "bilstm_unpack", 40,
            "bilstm_spread", 40,
            "bilstm_collect", 40),
        capabilities);
  }

  /** The same at all widths, where the shapes are others: see BiLstmPlan. */
  @ParameterizedTest
  @CsvSource({"8", "10", "12", "20", "24", "28", "32", "36", "44", "48", "56", "64"})
  @Tag("long")
  void staysWithinItsRegistersAtEveryWidth(int d) {
    staysWithin(d, false, 255, 255, CompiledKernel.CAPABILITIES);
    int[] some = {86, 90, 120}; // on 7.5 the forward spills 16 bytes
    staysWithin(d, true, 255, 255, d == 56 ? some : CompiledKernel.CAPABILITIES);
  }
}
