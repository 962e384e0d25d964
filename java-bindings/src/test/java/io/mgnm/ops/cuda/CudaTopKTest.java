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
import java.util.HashMap;
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

  @ParameterizedTest
  @CsvSource({"16, 4, 6.0", "40, 2, 7.0"})
  void explore(int d, int per, double instructions, Machine machine) {
    int rows = 20 * 128 * per;
    int histories = 16;
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      Case one = new Case(subject, histories, rows, d, 10);
      one.fill(histories);
      one.run();
    }
    for (LaunchReport r : machine.launches()) {
      Counters k = r.counters();
      System.out.printf(
          "d%d %s blocks %d load %d B %d S, store %d B %d S, touched %d, shared %d conf %d (%.3f) instr %d, per product %.2f%n",
          d, r.kernel(), r.blocks(), k.loadBytes(), k.loadSectors(), k.storeBytes(),
          k.storeSectors(), k.touchedSectors(), k.sharedWavefronts(), k.sharedConflicts(),
          (double) k.sharedConflicts() / k.sharedWavefronts(), k.warpInstructionsTotal(), k.warpInstructionsTotal() * 32.0 / ((double) rows * histories * CAPSULES * d));
      System.out.printf("min sectors %d%n", (4L * rows * d + 4L * r.blocks() * histories * CAPSULES * d) / SECTOR);
    }
  }
}
