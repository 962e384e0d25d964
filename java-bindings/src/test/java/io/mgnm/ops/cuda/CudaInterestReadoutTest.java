package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Options;
import io.mgnm.ops.InterestReadout.Projection;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernels of interest_readout cost, and that recorded launches follow the batch. */
@SimulatedCuda
class CudaInterestReadoutTest {
  private static final int SECTOR = 32;
  private static final int LEVELS = 4;
  private static final int INTERESTS = 4;
  private static final Options DEFAULT = new Options(Projection.RELU, Attention.LEVEL, Readout.MAX);

  /** A batch of a capacity, its tensors, and the operation on them. */
  private static final class Case {
    final Subject subject;
    final Batch batch;
    final InterestReadout readout;
    final Tensor w;
    final Tensor dW;
    final Tensor o;
    final Tensor q;
    final Tensor dO;
    final Tensor e;
    final Tensor dE;
    final Tensor y;
    final Tensor dY;
    final Tensor score;

    Case(Subject subject, Tensor w, int histories, int candidates, int d) {
      this.subject = subject;
      this.w = w;
      readout = subject.backend().interestReadout(DEFAULT);
      BatchShape shape = new BatchShape(histories, histories, 1, candidates, d, LEVELS, INTERESTS);
      batch = subject.scope().batch(shape);
      dW = subject.scope().floats(INTERESTS * d, d);
      o = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      q = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      dO = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      e = batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT);
      dE = batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT);
      y = batch.tensor(Axis.CANDIDATES, LEVELS, Lifetime.KEPT);
      dY = batch.tensor(Axis.CANDIDATES, LEVELS, Lifetime.KEPT);
      score = batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT);
    }

    static Case of(Subject subject, int histories, int candidates, int d) {
      Tensor w = subject.input(subject.scope().floats(INTERESTS * d, d), 1 / Math.sqrt(d));
      return new Case(subject, w, histories, candidates, d);
    }

    /** Puts in so many histories of one item, with new values. */
    void fill(int histories) {
      int[] offsets = new int[histories + 1];
      Arrays.setAll(offsets, i -> i);
      int candidates = histories * batch.shape().candidates();
      batch.upload(
          new Histories(
              new int[histories],
              new int[histories],
              offsets,
              new int[histories],
              new int[candidates]));
      for (Tensor tensor : List.of(o, e, dY)) {
        subject.input(tensor, 1);
      }
    }

    void forward() {
      readout.interests(batch, o, w, q);
      readout.scores(batch, q, e, y);
      readout.readout(batch, y, score);
    }

    void backward() {
      readout.backward(batch, o, w, q, e, dY, dO, dW, dE);
    }

    List<float[]> results() {
      return List.of(
          q.download(),
          y.download(),
          score.download(),
          dO.download(),
          dE.download(),
          dW.download());
    }
  }

  private static Counters counters(Machine machine, String kernel) {
    List<LaunchReport> launches =
        machine.launches().stream().filter(l -> l.kernel().equals(kernel)).toList();
    assertThat(launches).as(kernel).hasSize(1);
    return launches.getFirst().counters();
  }

  private static void check(Machine machine, String kernel, long leastBytes) {
    Counters counters = counters(machine, kernel);
    long moved = SECTOR * (counters.loadSectors() + counters.storeSectors());
    assertThat((double) moved / leastBytes).as(kernel).isBetween(0.99, 1.1);
    double conflicts = (double) counters.sharedConflicts() / counters.sharedWavefronts();
    assertThat(conflicts).as(kernel).isLessThanOrEqualTo(0.05);
  }

  /** Inputs once, outputs once, W and dW's part once a block: 8 of them, of 8 histories each. */
  @ParameterizedTest
  @CsvSource({"16", "40"})
  void trainingMovesEachByteOnce(int d, Machine machine) {
    int histories = 64;
    int candidates = 6;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Case one = Case.of(subject, histories, candidates, d);
      one.fill(histories);
      one.forward();
      one.backward();
    }
    long capsules = 4L * histories * LEVELS * INTERESTS * d;
    long embeddings = 4L * histories * candidates * d;
    long scores = 4L * histories * candidates * LEVELS;
    long weights = 4L * INTERESTS * d * d;
    check(machine, "interest_readout_interests", 2 * capsules + 8 * weights);
    check(machine, "interest_readout_scores", capsules + embeddings + scores);
    check(
        machine,
        "interest_readout_backward",
        3 * capsules + 2 * embeddings + scores + 2 * 8 * weights);
    check(machine, "interest_readout_sum", 9 * weights);
    assertThat(machine.launches()).hasSize(5);
  }

  /** A history's interests are read once for hundreds of candidates. */
  @ParameterizedTest
  @CsvSource({"16, 6.0", "40, 7.0"})
  void scoringMovesEachByteOnce(int d, double instructions, Machine machine) {
    int histories = 2;
    int candidates = 1001;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Case one = Case.of(subject, histories, candidates, d);
      one.fill(histories);
      one.forward();
    }
    long embeddings = 4L * histories * candidates * d;
    long scores = 4L * histories * candidates * LEVELS;
    long capsules = 4L * histories * LEVELS * INTERESTS * d;
    check(machine, "interest_readout_scores", capsules + embeddings + scores);
    // 32 candidates a warp-instruction: K (L + 1) d products each, and what else there is.
    long products = (long) histories * candidates * LEVELS * INTERESTS * d / 32;
    long issued = counters(machine, "interest_readout_scores").warpInstructionsTotal();
    assertThat((double) issued / products).isLessThan(instructions);
  }

  /** One recording serves batches of any size, and leaves alone what lies behind them. */
  @Test
  void aRecordingFollowsTheBatch(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 2)) {
      Case one = Case.of(subject, 19, 5, 16);
      try (Sequence sequence =
          cuda.record(
              "readout",
              () -> {
                one.forward();
                one.backward();
              })) {
        for (int histories : new int[] {19, 3, 0, 11}) {
          one.fill(histories);
          float[] behind = raw(cuda, one.dO);
          sequence.run();
          List<float[]> recorded = one.results();
          assertThat(Arrays.copyOfRange(raw(cuda, one.dO), histories * 256, behind.length))
              .isEqualTo(Arrays.copyOfRange(behind, histories * 256, behind.length));
          one.forward();
          one.backward();
          assertThat(one.results()).usingRecursiveComparison().isEqualTo(recorded);
          if (histories == 0) {
            assertThat(one.dW.download()).containsOnly(0f);
          }
        }
      }
    }
    assertThat(machine.trace().calls("cuGraphLaunch")).hasSize(4);
  }

  private static float[] raw(Backend cuda, Tensor tensor) {
    float[] values = new float[Math.toIntExact(((CudaTensor) tensor).buffer().count())];
    ((CudaBackend) cuda).stream().download(((CudaTensor) tensor).buffer(), values);
    return values;
  }

  /** Weights and their gradient are parts of one block of parameters, and may begin anywhere. */
  @Test
  void weightsNeedNoAlignment() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 3)) {
      Case aligned = Case.of(subject, 3, 2, 16);
      aligned.fill(3);
      float[] values = aligned.w.download();
      Tensor slice = subject.scope().floats(1, 1 + values.length).slice(1, 64, 16);
      slice.upload(values);
      Case shifted = new Case(subject, slice, 3, 2, 16);
      shifted.fill(3);
      for (List<Tensor> pair :
          List.of(
              List.of(aligned.o, shifted.o),
              List.of(aligned.e, shifted.e),
              List.of(aligned.dY, shifted.dY))) {
        pair.get(1).upload(pair.get(0).download());
      }
      for (Case one : List.of(aligned, shifted)) {
        one.forward();
        one.backward();
      }
      assertThat(shifted.results()).usingRecursiveComparison().isEqualTo(aligned.results());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "8, 1, 1, 0, 1, 128, 128",
    "16, 4, 4, 0, 1, 128, 128",
    "40, 4, 4, 0, 2, 184, 192",
    "64, 8, 6, 0, 1, 184, 255"
  })
  void staysWithinItsRegisters(
      int d, int k, int levels, int joint, int per, int scores, int backward) {
    BatchShape shape = new BatchShape(8, 8, 8, 6, d, levels, k);
    Attention attention = joint == 1 ? Attention.JOINT : Attention.LEVEL;
    ReadoutPlan plan =
        ReadoutPlan.of(shape, new Options(Projection.RELU, attention, Readout.MAX), 64 << 10);
    Map<String, Integer> constants = new HashMap<>(plan.constants());
    constants.put("PER", per);
    CompiledKernel.staysWithin(
        "interest_readout",
        constants,
        Map.of(
            "interest_readout_interests", 128,
            "interest_readout_copy", 64,
            "interest_readout_scores", scores,
            "interest_readout_readout", 64,
            "interest_readout_backward", backward,
            "interest_readout_sum", 40));
  }
}
