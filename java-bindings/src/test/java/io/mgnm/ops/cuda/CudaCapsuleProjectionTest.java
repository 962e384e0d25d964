package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.CapsuleProjection;
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
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of capsule_projection cost, and that they follow a batch that changes. */
@SimulatedCuda
class CudaCapsuleProjectionTest {
  private static final int SECTOR = 32;
  private static final int LEVELS = 4;
  private static final int INTERESTS = 4;
  private static final List<String> LAUNCHES =
      List.of(
          "capsule_projection_forward", "capsule_projection_backward", "capsule_projection_sum");

  /** h and z move once, weights once a block; a quarter more at most. */
  @ParameterizedTest
  @CsvSource({"16, 10, 96", "16, 50, 20", "16, 100, 10", "40, 10, 96", "40, 50, 20", "40, 100, 10"})
  void movesLittleMoreThanItMust(int d, int length, int histories, Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape =
          new BatchShape(histories, histories * length, length, 0, d, LEVELS, INTERESTS);
      new Tensors(cuda, scope, shape).upload(lengths(histories, length)).run();
    }
    assertThat(machine.launches()).extracting(LaunchReport::kernel).isEqualTo(LAUNCHES);
    long rows = (long) histories * length * LEVELS;
    long weights = (long) INTERESTS * d * d;
    LaunchReport forward = machine.launches().get(0);
    LaunchReport backward = machine.launches().get(1);
    LaunchReport sum = machine.launches().get(2);
    check(forward, rows * d * (1 + INTERESTS) + weights * forward.blocks());
    check(backward, rows * d * (2 + INTERESTS) + 2 * weights * backward.blocks());
    check(sum, weights * (backward.blocks() + 1));
  }

  private static void check(LaunchReport launch, long floats) {
    Counters counters = launch.counters();
    long moved = (counters.loadSectors() + counters.storeSectors()) * SECTOR;
    assertThat((double) moved / (Float.BYTES * floats)).as("%s", launch).isLessThan(1.25);
    assertThat(counters.sharedConflicts())
        .as("%s", launch)
        .isLessThanOrEqualTo(counters.sharedWavefronts() / 20);
  }

  /** Recorded once, for whatever the batch holds when it runs: other histories, fewer, none. */
  @Test
  void followsTheBatchInARecording(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = new BatchShape(6, 60, 40, 0, 16, LEVELS, INTERESTS);
      Tensors recorded = new Tensors(cuda, scope, shape).upload(new int[] {3, 1, 40, 7, 2, 7});
      Tensors direct = new Tensors(cuda, scope, shape);
      try (Sequence sequence = cuda.record("projection", recorded::run)) {
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

  /** Sums of a recording wait for one another, but not past the next user of their memory. */
  @Test
  void sumsAreAddedUpTogether(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = new BatchShape(3, 60, 40, 0, 16, LEVELS, INTERESTS);
      Tensors one = new Tensors(cuda, scope, shape).upload(new int[] {3, 1, 40});
      Tensors other = new Tensors(cuda, scope, shape).upload(new int[] {7});
      one.run();
      other.run();
      float[][] expected = {one.dW.download(), other.dW.download()};
      Runnable steps =
          () -> {
            one.run();
            other.run();
            one.run(); // needs the memory of its first partial sums
          };
      int before = machine.launches().size();
      for (Tensors tensors : List.of(one, other)) {
        tensors.dW.upload(new float[tensors.dW.size()]);
      }
      try (Sequence sequence = cuda.record("projections", steps)) {
        sequence.run();
        assertThat(new float[][] {one.dW.download(), other.dW.download()}).isDeepEqualTo(expected);
      }
      assertThat(machine.launches().stream().skip(before).map(LaunchReport::kernel))
          .containsExactly(
              "capsule_projection_forward",
              "capsule_projection_backward",
              "capsule_projection_forward",
              "capsule_projection_backward",
              "capsule_projection_forward",
              "capsule_projection_sum",
              "capsule_projection_backward",
              "capsule_projection_sum");
    }
  }

  /** Where the weights of all interests do not fit; and where not even those of one do. */
  @Test
  @SimulatedCuda(computeCapability = "7.5")
  void smallDevicesTakeSeveralLaunches(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = new BatchShape(1, 5, 5, 0, 64, 1, 5);
      new Tensors(cuda, scope, shape).upload(new int[] {5}).run();
      BatchShape large = new BatchShape(1, 1, 1, 0, 200, 1, 1);
      Tensors none = new Tensors(cuda, scope, large).upload(new int[] {1});
      assertThatThrownBy(none::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("weights of 200 x 200 do not fit this device's 65536 bytes");
    }
    assertThat(machine.launches())
        .extracting(LaunchReport::kernel)
        .containsExactly(
            "capsule_projection_forward",
            "capsule_projection_backward",
            "capsule_projection_backward",
            "capsule_projection_backward",
            "capsule_projection_sum");
  }

  /**
   * Two blocks of the forward a multiprocessor; of the backward one, and two where sums are few.
   */
  @ParameterizedTest
  @CsvSource({"8, 4", "16, 4", "20, 5", "40, 4", "64, 8", "16, 1"})
  void staysWithinItsRegisters(int d, int interests) {
    BatchShape shape = new BatchShape(1, 1, 1, 0, d, LEVELS, interests);
    Map<String, Integer> constants = new HashMap<>(ProjectionPlan.of(shape, 227 << 10).constants());
    constants.putAll(Map.of("D", d, "K", interests, "L", LEVELS));
    CompiledKernel.staysWithin(
        "capsule_projection",
        constants,
        Map.of(
            "capsule_projection_forward", 128,
            "capsule_projection_backward", d <= 16 ? 128 : 255,
            "capsule_projection_sum", 40));
  }

  private static int[] lengths(int histories, int length) {
    int[] lengths = new int[histories];
    Arrays.fill(lengths, length);
    return lengths;
  }

  private static final class Tensors {
    final CapsuleProjection projection;
    final Batch batch;
    final Tensor h;
    final Tensor w;
    final Tensor z;
    final Tensor dZ;
    final Tensor dH;
    final Tensor dW;

    Tensors(Backend backend, Scope scope, BatchShape shape) {
      projection = backend.capsuleProjection();
      batch = scope.batch(shape);
      int d = shape.d();
      h = batch.tensor(Axis.ITEMS, shape.levels() * d, Lifetime.KEPT);
      w = scope.floats(shape.interests() * d, d);
      z = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      dZ = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      dH = batch.tensor(Axis.ITEMS, shape.levels() * d, Lifetime.KEPT);
      dW = scope.floats(shape.interests() * d, d);
    }

    /** Other histories, and inputs that depend on how many values there are only. */
    Tensors upload(int[] lengths) {
      batch.upload(CudaHistories.of(lengths));
      for (Tensor input : List.of(h, w, dZ)) {
        Random random = new Random(input.size());
        float[] values = new float[input.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
        input.upload(values);
      }
      return this;
    }

    void run() {
      projection.forward(batch, h, w, z);
      projection.backward(batch, h, w, dZ, dH, dW);
    }

    float[][] results() {
      return new float[][] {z.download(), dH.download(), dW.download()};
    }
  }
}
