package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.CapsuleRouting.Encoded;
import io.mgnm.ops.CapsuleRouting.Gradient;
import io.mgnm.ops.CapsuleRouting.Options;
import io.mgnm.ops.CapsuleRouting.Softmax;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of capsule_routing cost, and that they follow a batch that changes. */
@SimulatedCuda
class CudaCapsuleRoutingTest {
  private static final int SECTOR = 32;
  private static final int LEVELS = 4;
  private static final int INTERESTS = 4;
  private static final int CAPSULES = LEVELS * INTERESTS;
  private static final List<String> LAUNCHES =
      List.of(
          "capsule_routing_before",
          "capsule_routing_after",
          "capsule_routing_after_backward",
          "capsule_routing_before_backward");

  private static Options options(Softmax softmax, Encoded encoded) {
    return new Options(3, softmax, Gradient.FULL, encoded);
  }

  /**
   * Inputs once and outputs once. A capsule's row of logits begins and ends inside sectors, which
   * are a fifth more for ten items, and a twentieth for 50.
   */
  @ParameterizedTest
  @CsvSource({
    "16, 10, 20, POSITIONS, EVERYWHERE, 1.2",
    "16, 50, 5, POSITIONS, EVERYWHERE, 1.06",
    "16, 50, 5, INTERESTS, EVERYWHERE, 1.06",
    "16, 100, 3, INTERESTS, EVERYWHERE, 1.05",
    "40, 50, 3, POSITIONS, AGREEMENT, 1.03"
  })
  void movesLittleMoreThanItMust(
      int d,
      int length,
      int histories,
      Softmax softmax,
      Encoded encoded,
      double most,
      Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      int[] lengths = new int[histories];
      Arrays.fill(lengths, length);
      Tensors.of(cuda, scope, d, options(softmax, encoded), lengths).run();
    }
    List<LaunchReport> launches = machine.launches();
    assertThat(launches).extracting(LaunchReport::kernel).isEqualTo(LAUNCHES);
    long logits = (long) histories * length * CAPSULES;
    long vectors = logits * d;
    long outputs = (long) histories * CAPSULES * d;
    long more = encoded == Encoded.AGREEMENT ? 1 : 0; // tensors of vectors
    check(launches.get(0), most, vectors + 2 * logits);
    check(launches.get(1), most, (1 + more) * vectors + logits + outputs);
    check(launches.get(2), most, 2 * (1 + more) * vectors + 2 * logits + outputs);
    check(launches.get(3), most, (3 + more) * vectors + 2 * logits);
  }

  private static void check(LaunchReport launch, double most, long floats) {
    Counters counters = launch.counters();
    long moved = (counters.loadSectors() + counters.storeSectors()) * SECTOR;
    double ratio = (double) moved / (Float.BYTES * floats);
    double conflicts = (double) counters.sharedConflicts() / counters.sharedWavefronts();
    assertThat(ratio).as("%s", launch).isLessThan(most);
    assertThat(conflicts).as("%s", launch).isLessThanOrEqualTo(0.05);
  }

  /** Recorded once, for whatever the batch holds when it runs: other histories, fewer, none. */
  @ParameterizedTest
  @CsvSource({"POSITIONS", "INTERESTS"})
  void followsTheBatchInARecording(Softmax softmax, Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Options options = options(softmax, Encoded.EVERYWHERE);
      int[] most = {3, 1, 40, 7, 2, 7};
      Tensors recorded = Tensors.of(cuda, scope, 16, options, most);
      Tensors direct = Tensors.of(cuda, scope, 16, options, most);
      try (Sequence sequence = cuda.record("routing", recorded::run)) {
        for (int[] lengths : new int[][] {most, {33}, {}, {20, 20, 20}}) {
          recorded.upload(lengths);
          sequence.run();
          direct.upload(lengths).run();
          assertThat(recorded.results()).isDeepEqualTo(direct.results());
        }
      }
    }
    assertThat(machine.launches()).hasSize(8 * LAUNCHES.size());
  }

  @Test
  @SimulatedCuda(computeCapability = "7.5")
  void refusesHistoriesWhoseLogitsDoNotFit(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      BatchShape shape = new BatchShape(1, 5000, 5000, 0, 16, LEVELS, INTERESTS);
      Options options = options(Softmax.INTERESTS, Encoded.EVERYWHERE);
      Tensors none = new Tensors(cuda, scope, shape, options);
      assertThatThrownBy(none::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("histories of 5000 with 4 interests and d = 16 do not fit")
          .hasMessageContaining("65536 bytes of shared memory");
    }
    assertThat(machine.launches()).isEmpty();
  }

  /** Registers for 32 warps a multiprocessor, 24 in the longest kernel with other options. */
  @ParameterizedTest
  @CsvSource({"16, 4, 4, 2, 0, 0", "64, 8, 6, 3, 1, 1"})
  void staysWithinItsRegisters(
      int d, int interests, int levels, int iterations, int softmax, int encoded) {
    boolean usual = iterations <= 2 && softmax == 0 && encoded == 0;
    CompiledKernel.staysWithin(
        "capsule_routing",
        Map.of(
            "D", d,
            "K", interests,
            "L", levels,
            "ITERATIONS", iterations,
            "INTERESTS", softmax,
            "AGREEMENT", encoded),
        Map.of(
            "capsule_routing_before", 64,
            "capsule_routing_after", 64,
            "capsule_routing_after_backward", usual ? 64 : 80,
            "capsule_routing_before_backward", 64));
  }

  @Tag("long")
  @ParameterizedTest
  @CsvSource({"1, 1", "4, 4", "8, 6"})
  void staysWithinItsRegistersInEveryWidth(int interests, int levels) {
    for (int d : new int[] {8, 16, 20, 40, 64}) {
      staysWithinItsRegisters(d, interests, levels, 2, 0, 0);
      staysWithinItsRegisters(d, interests, levels, 3, 0, 1);
      staysWithinItsRegisters(d, interests, levels, 3, 1, 0);
      staysWithinItsRegisters(d, interests, levels, 3, 1, 1);
    }
  }

  private static final class Tensors {
    final CapsuleRouting routing;
    final Batch batch;
    final Tensor z;
    final Tensor y;
    final Tensor logits;
    final Tensor dO;
    final Tensor updated;
    final Tensor o;
    final Tensor dY;
    final Tensor dUpdated;
    final Tensor dDirect;
    final Tensor dZ;

    Tensors(Backend backend, Scope scope, BatchShape shape, Options options) {
      routing = backend.capsuleRouting(options);
      batch = scope.batch(shape);
      int d = shape.d();
      z = items(d);
      y = items(d);
      logits = items(1);
      dO = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      updated = items(1);
      o = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      dY = items(d);
      dUpdated = items(1);
      dDirect = items(d);
      dZ = items(d);
    }

    /** For a batch that these histories fill. */
    static Tensors of(Backend backend, Scope scope, int d, Options options, int... lengths) {
      int items = Arrays.stream(lengths).sum();
      int longest = Arrays.stream(lengths).max().orElse(0);
      BatchShape shape = new BatchShape(lengths.length, items, longest, 0, d, LEVELS, INTERESTS);
      return new Tensors(backend, scope, shape, options).upload(lengths);
    }

    private Tensor items(int width) {
      return batch.capsules(Axis.ITEMS, width, Lifetime.KEPT);
    }

    /** Other histories, and inputs that depend on how many values there are only. */
    Tensors upload(int... lengths) {
      batch.upload(CudaHistories.of(lengths));
      for (Tensor input : List.of(z, y, logits, dO, dZ)) {
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
      routing.before(batch, z, logits, updated);
      routing.after(batch, z, y, updated, o);
      routing.afterBackward(batch, z, y, updated, dO, dY, dUpdated, dDirect);
      routing.beforeBackward(batch, z, logits, dUpdated, dDirect, dZ);
    }

    float[][] results() {
      return new float[][] {
        updated.download(), o.download(), dY.download(), dUpdated.download(), dZ.download()
      };
    }
  }
}
