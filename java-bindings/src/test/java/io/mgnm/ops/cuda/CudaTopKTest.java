package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.cuda.CudaDevice;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What top_k costs, and how it shares out its work. */
@SimulatedCuda
class CudaTopKTest {
  private static final int SECTOR = 32;
  private static final int CAPSULES = 16;
  private static final TopK.Options DEFAULT = new TopK.Options(Attention.LEVEL, Readout.MAX);

  /** Histories of one item, a table, and room for results. */
  private static final class Case {
    final Subject subject;
    final Batch batch;
    final Tensor q;
    final Tensor table;
    final RaggedIds excluded;
    final int k;
    final IntTensor ids;
    final Tensor scores;
    final IntTensor targets;
    final IntTensor counts;

    Case(Subject subject, int histories, int rows, int d, int k) {
      this.subject = subject;
      this.k = k;
      batch = subject.scope().batch(new BatchShape(histories, histories, 1, 0, d, 4, 4));
      q = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      table = subject.input(subject.scope().floats(rows, d), 1);
      excluded = subject.scope().raggedIds(histories, 1);
      ids = subject.scope().ints(histories * k);
      scores = batch.tensor(Axis.HISTORIES, k, Lifetime.KEPT);
      targets = subject.scope().ints(histories);
      counts = subject.scope().ints(3 * histories);
    }

    void fill(int histories) {
      int[] offsets = new int[histories + 1];
      Arrays.setAll(offsets, i -> i);
      batch.upload(
          new Histories(
              new int[histories], new int[histories], offsets, new int[histories], new int[0]));
      subject.input(q, 1);
    }

    void run() {
      TopK topK = subject.backend().topK(DEFAULT);
      topK.best(batch, q, table, excluded, k, ids, scores);
      topK.rank(batch, q, table, excluded, targets, counts);
    }
  }

  private static Counters counters(Machine machine, String kernel) {
    List<LaunchReport> launches =
        machine.launches().stream().filter(l -> l.kernel().equals(kernel)).toList();
    assertThat(launches).as(kernel).hasSize(1);
    return launches.getFirst().counters();
  }

  /** The table once a group of histories, interests once a block, and few keys of lists. */
  @ParameterizedTest
  @CsvSource({"16, 16, 4, 4.0, 2.6", "40, 12, 2, 2.5, 2.0"})
  void movesEachRowOnceAGroup(
      int d, int histories, int per, double best, double rank, Machine machine) {
    int rows = 20 * 128 * per;
    int parts = 10;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Case one = new Case(subject, histories, rows, d, 10);
      one.fill(histories);
      one.run();
    }
    assertThat(machine.launches())
        .extracting(LaunchReport::kernel)
        .containsExactly("top_k_candidates", "top_k_merge", "top_k_compare", "top_k_add");
    long least = 4L * d * (rows + (long) parts * histories * CAPSULES);
    long products = (long) rows * histories * CAPSULES * d / 32; // of a warp's lanes
    check(counters(machine, "top_k_candidates"), least, 1.25, products, best);
    check(counters(machine, "top_k_compare"), least, 1.05, products, rank);
  }

  private static void check(
      Counters counters, long leastBytes, double traffic, long products, double instructions) {
    long moved = SECTOR * (counters.loadSectors() + counters.storeSectors());
    assertThat((double) moved / leastBytes).isBetween(0.99, traffic);
    assertThat(counters.sharedConflicts() / (double) counters.sharedWavefronts()).isLessThan(0.05);
    assertThat(counters.warpInstructionsTotal() / (double) products).isLessThan(instructions);
  }

  /**
   * Rows that come in the worst order, each better than all before, change nothing but the time.
   */
  @ParameterizedTest
  @CsvSource({"1, 1300", "40, 1300", "700, 2500"})
  void ascendingScoresAreKeptToo(int k, int rows) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Case one = new Case(subject, 1, rows, 16, k);
      one.fill(1);
      float[] q = new float[one.q.size()];
      Arrays.fill(q, 1);
      one.q.upload(q);
      float[] table = new float[one.table.size()];
      for (int row = 0; row < rows; row++) {
        table[row * 16] = row + 1;
      }
      one.table.upload(table);
      one.run();
      int[] expected = new int[k];
      Arrays.setAll(expected, i -> rows - 1 - i);
      assertThat(one.ids.download()).isEqualTo(expected);
      assertThat(one.counts.download()).containsExactly(rows - 1, 0, 0); // above row 0
    }
  }

  /** Lists and their scratch are bounded: they do not grow with the table. */
  @ParameterizedTest
  @CsvSource({"1, 10", "1, 1000", "256, 100", "256, 1000", "2048, 100", "256, 5000"})
  void scratchIsBounded(int histories, int k) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      CudaDevice device = ((CudaBackend) cuda).device();
      BatchShape shape = new BatchShape(histories, histories, 1, 0, 16, 4, 4);
      long lists = 0;
      for (int rows : new int[] {1_000, 100_000, 1_000_000}) {
        CudaTensor table = (CudaTensor) subject.scope().floats(rows, 16);
        CatalogueCut cut = CatalogueCut.of(shape, DEFAULT, table, k, device);
        assertThat((long) cut.chunk() * cut.parts()).isGreaterThanOrEqualTo(rows);
        assertThat((long) cut.chunk() * (cut.parts() - 1)).isLessThan(rows);
        lists = Math.max(lists, (long) histories * cut.parts());
        assertThat(cut.room()).isLessThanOrEqualTo(4 * Math.max(k, 256));
        assertThat(cut.bytes()).isLessThan(64 << 10);
      }
      long blocks = 3L * device.multiprocessors();
      assertThat(lists)
          .isLessThanOrEqualTo(Math.max(histories, 16 * (blocks + histories / 16 + 1)));
    }
  }

  /** One recording serves batches of any size. */
  @Test
  void aRecordingFollowsTheBatch(Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 2)) {
      Case one = new Case(subject, 18, 140, 16, 5);
      try (Sequence sequence = cuda.record("top_k", one::run)) {
        for (int histories : new int[] {18, 3, 0, 17}) {
          one.fill(histories);
          int[] before = one.ids.download();
          sequence.run();
          int[] ids = one.ids.download();
          float[] scores = one.scores.download();
          int[] counts = one.counts.download();
          assertThat(Arrays.copyOfRange(ids, histories * 5, ids.length))
              .isEqualTo(Arrays.copyOfRange(before, histories * 5, ids.length));
          one.run();
          assertThat(one.ids.download()).isEqualTo(ids);
          assertThat(one.scores.download()).isEqualTo(scores).hasSize(histories * 5);
          assertThat(one.counts.download()).isEqualTo(counts);
        }
      }
    }
    assertThat(machine.trace().calls("cuGraphLaunch")).hasSize(4);
  }

  /** A table may be a part of a larger tensor that begins anywhere. */
  @Test
  void theTableNeedsNoAlignment() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 3)) {
      Case one = new Case(subject, 2, 50, 16, 7);
      one.fill(2);
      one.run();
      Tensor slice = subject.scope().floats(1, 3 + 50 * 16).slice(3, 50, 16);
      slice.upload(one.table.download());
      IntTensor ids = subject.scope().ints(14);
      cuda.topK(DEFAULT).best(one.batch, one.q, slice, one.excluded, 7, ids, one.scores);
      assertThat(ids.download()).isEqualTo(one.ids.download());
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 1, 1, 0, 128", "16, 4, 4, 0, 168", "40, 4, 4, 0, 224", "64, 8, 6, 1, 240"})
  void staysWithinItsRegisters(int d, int k, int levels, int joint, int most) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 3)) {
      TopK.Options options =
          new TopK.Options(joint == 1 ? Attention.JOINT : Attention.LEVEL, Readout.MAX);
      CatalogueCut cut =
          CatalogueCut.of(
              new BatchShape(8, 8, 8, 0, d, levels, k),
              options,
              (CudaTensor) subject.scope().floats(1, d),
              10,
              ((CudaBackend) cuda).device());
      CompiledKernel.staysWithin(
          "top_k",
          cut.constants(),
          Map.of(
              "top_k_candidates", most, "top_k_merge", 40, "top_k_compare", most, "top_k_add", 40));
    }
  }
}
