package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TransformerEncoder;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of transformer_encoder cost: launches, memory traffic, banks, registers. */
@SimulatedCuda
class CudaTransformerEncoderTest {
  private static final int SECTOR = 32;
  private static final int LEVELS = 4;
  private static final int INTERESTS = 4;
  private static final int CAPSULES = LEVELS * INTERESTS;

  /** One step's tensors. */
  private static final class Step {
    final TransformerEncoder encoder;
    final Batch batch;
    final Tensor z;
    final Tensor w;
    final Tensor y;
    final Tensor tape;
    final Tensor dY;
    final Tensor dZ;
    final Tensor dW;

    Step(Backend cuda, Scope scope, BatchShape capacity, int positions, Tensor w, Tensor dW) {
      int d = capacity.d();
      encoder = cuda.transformerEncoder(new TransformerEncoder.Options(d, positions));
      batch = scope.batch(capacity);
      this.w = w;
      this.dW = dW;
      z = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      y = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      dY = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      dZ = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      tape = encoder.tape(batch, Lifetime.KEPT);
    }

    static Step of(Backend cuda, Scope scope, BatchShape capacity, int positions) {
      int weights = new TransformerEncoder.Options(capacity.d(), positions).weights();
      return new Step(
          cuda, scope, capacity, positions, scope.floats(1, weights), scope.floats(1, weights));
    }

    void fill(int... lengths) {
      batch.upload(CudaHistories.of(lengths));
      for (Tensor tensor : List.of(w, z, dY)) {
        float[] values = new float[tensor.size()];
        SplittableRandom random = new SplittableRandom(values.length);
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextDouble(-0.5, 0.5);
        }
        tensor.upload(values);
      }
      float[] poison = new float[dW.size()];
      Arrays.fill(poison, Float.NaN);
      dW.upload(poison);
    }

    void run() {
      encoder.forward(batch, z, w, y, tape);
      encoder.backward(batch, z, w, y, tape, dY, dZ, dW);
    }

    List<float[]> results() {
      return List.of(y.download(), dZ.download(), dW.download());
    }
  }

  private static BatchShape capacity(int histories, int longest, int d) {
    return new BatchShape(histories, histories * longest, longest, 0, d, LEVELS, INTERESTS);
  }

  /**
   * z in and y out; z and dY, twice, in and dZ out. Weights and partial sums come on top, once a
   * block.
   */
  @ParameterizedTest
  @CsvSource({"16, 50", "16, 100", "40, 32", "16, 10"})
  void movesLittleMoreThanItMust(int d, int n, Machine machine) {
    int histories = 2;
    int[] lengths = new int[histories];
    Arrays.fill(lengths, n);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Step step = Step.of(cuda, scope, capacity(histories, n, d), n);
      step.fill(lengths);
      step.run();
      step.results();
    }
    List<LaunchReport> launches = machine.launches();
    assertThat(launches)
        .extracting(LaunchReport::kernel)
        .containsExactly(
            "transformer_encoder_forward",
            "transformer_encoder_backward",
            "transformer_encoder_sum");
    double tensor = 4.0 * d * n * histories * CAPSULES / SECTOR;
    double weights = 4.0 * new TransformerEncoder.Options(d, n).weights() / SECTOR;
    check(launches.get(0), 2 * tensor, weights);
    check(launches.get(1), 4 * tensor, 2 * weights);
  }

  private static void check(LaunchReport launch, double least, double ofBlock) {
    Counters counters = launch.counters();
    double sectors = counters.loadSectors() + counters.storeSectors();
    assertThat(sectors).as(launch.kernel()).isLessThan(1.1 * (least + ofBlock * launch.blocks()));
    assertThat((double) counters.sharedConflicts())
        .as(launch.kernel())
        .isLessThan(0.05 * counters.sharedWavefronts());
  }

  /** One recording serves whatever the batch holds, and nothing behind its end is touched. */
  @Test
  void oneRecordingServesOtherContents(Machine machine) {
    int[][] contents = {{20, 7, 33}, {9}, {}, {33, 33, 33}};
    BatchShape capacity = new BatchShape(3, 99, 33, 0, 16, 1, 5);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Step recorded = Step.of(cuda, scope, capacity, 40);
      Step alone = Step.of(cuda, scope, capacity, 40);
      try (Sequence sequence = cuda.record("transformer_encoder", recorded::run)) {
        for (int[] lengths : contents) {
          recorded.fill(lengths);
          float[] behind = raw(cuda, recorded.dZ);
          sequence.run();
          alone.fill(lengths);
          alone.run();
          List<float[]> came = recorded.results();
          assertThat(came).usingRecursiveComparison().isEqualTo(alone.results());
          int live = Arrays.stream(lengths).sum() * 5 * 16;
          assertThat(Arrays.copyOfRange(raw(cuda, recorded.dZ), live, behind.length))
              .isEqualTo(Arrays.copyOfRange(behind, live, behind.length));
          if (lengths.length == 0) {
            assertThat(came.get(2)).containsOnly(0f);
          }
        }
      }
    }
    assertThat(machine.trace().calls("cuGraphLaunch")).hasSize(contents.length);
  }

  private static float[] raw(Backend cuda, Tensor tensor) {
    float[] values = new float[Math.toIntExact(((CudaTensor) tensor).buffer().count())];
    ((CudaBackend) cuda).stream().download(((CudaTensor) tensor).buffer(), values);
    return values;
  }

  /** Weights and their gradient are parts of one block of parameters, and may begin anywhere. */
  @ParameterizedTest
  @CsvSource({"16, 9", "16, 2000"}) // with the positions in shared memory, and in global memory
  void weightsNeedNoAlignment(int d, int longest) {
    BatchShape capacity = new BatchShape(2, longest + 4, longest, 0, d, 1, 2);
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Step aligned = Step.of(cuda, scope, capacity, longest);
      aligned.fill(9, 4);
      int weights = aligned.w.size();
      Step shifted =
          new Step(
              cuda,
              scope,
              capacity,
              longest,
              scope.floats(1, 1 + weights).slice(1, 1, weights),
              scope.floats(1, 1 + weights).slice(1, 1, weights));
      shifted.fill(9, 4);
      aligned.run();
      shifted.run();
      assertThat(shifted.results()).usingRecursiveComparison().isEqualTo(aligned.results());
    }
  }

  /** Whatever the device has: histories of 100 in shared memory, or the usual ones at least. */
  @Test
  void holdsWhatFits() {
    assertThat(cuts(16, 100, 227)).isEqualTo("held positions 100; held summed positions 100");
    assertThat(cuts(16, 100, 99)).isEqualTo("held positions 100; held summed 100");
    assertThat(cuts(16, 100, 64)).isEqualTo("held positions 100; held 68");
    assertThat(cuts(40, 100, 227)).isEqualTo("held positions 100; held positions 100");
    assertThat(cuts(64, 100, 64)).isEqualTo("21; 1"); // each layer by itself
  }

  private static String cuts(int d, int longest, int kilobytes) {
    TransformerPlan plan = TransformerPlan.of(capacity(256, longest, d), kilobytes << 10);
    for (TransformerPlan.Cut cut : List.of(plan.forward(), plan.backward())) {
      assertThat(cut.bytes()).isLessThanOrEqualTo(kilobytes << 10);
      assertThat(cut.streamed()).isEqualTo(cut.room() < longest);
    }
    return cut(plan.forward()) + "; " + cut(plan.backward());
  }

  private static String cut(TransformerPlan.Cut cut) {
    return (cut.held() ? "held " : "")
        + (cut.summed() ? "summed " : "")
        + (cut.positions() ? "positions " : "")
        + cut.room();
  }

  @Test
  void refusesWidthsThatNoDeviceHolds() {
    assertThatThrownBy(() -> TransformerPlan.of(capacity(1, 1, 256), 64 << 10))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "transformer_encoder: layers of width 256 do not fit this device's 65536 bytes of"
                + " shared memory; use a smaller d or the backend 'cpu'");
  }

  /** Nothing spills at the model's sizes: 80 and 128 registers forward, 96 and 168 from 10.0 on. */
  @ParameterizedTest
  @CsvSource({"16, 100, 96, 168", "40, 100, 168, 255"})
  void staysWithinItsRegisters(int d, int longest, int forward, int backward) {
    staysWithin(d, longest, forward, backward, CompiledKernel.CAPABILITIES);
  }

  private static void staysWithin(
      int d, int longest, int forward, int backward, int... capabilities) {
    TransformerPlan plan = TransformerPlan.of(capacity(256, longest, d), 227 << 10);
    CompiledKernel.staysWithin(
        "transformer_encoder",
        plan.constants(),
        Map.of(
            "transformer_encoder_forward", forward,
            "transformer_encoder_backward", backward,
            "transformer_encoder_sum", 40),
        capabilities);
  }

  /** Nor at others, whatever is held. */
  @ParameterizedTest
  @CsvSource({"8, 20", "8, 2000", "16, 2000", "20, 50", "32, 100", "40, 2000", "64, 20"})
  @Tag("long")
  void staysWithinItsRegistersAtOtherSizes(int d, int longest) {
    staysWithinItsRegisters(d, longest, 168, 255);
  }

  /** From 10.0 on the widest that streams may have all registers: it would spill with fewer. */
  @Test
  @Tag("long")
  void staysWithinItsRegistersWhereTheWidestStreams() {
    staysWithin(64, 2000, 168, 255, 75, 86, 90);
    staysWithin(64, 2000, 255, 255, 120);
  }
}
