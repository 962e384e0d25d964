package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SimulatedCuda
class CudaInterestReadoutTest {
  @ParameterizedTest
  @CsvSource({"16, 6, 64", "40, 6, 64", "16, 257, 4", "40, 257, 4", "16,1001,2"})
  void explore(int d, int c, int histories, Machine machine) {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Subject subject = new Subject(cuda, 1)) {
      int[] lengths = new int[histories];
      java.util.Arrays.fill(lengths, 1);
      Batch batch = subject.batch(lengths, c, d, 4, 4);
      InterestReadout op =
          cuda.interestReadout(
              new InterestReadout.Options(
                  InterestReadout.Projection.RELU,
                  InterestReadout.Attention.LEVEL,
                  InterestReadout.Readout.MAX));
      Tensor o = subject.input(batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT), 1);
      Tensor q = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      Tensor w = subject.input(subject.scope().floats(4 * d, d), .3);
      Tensor e = subject.input(batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT), 1);
      Tensor dE = subject.input(batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT), 1);
      Tensor y = batch.tensor(Axis.CANDIDATES, 4, Lifetime.KEPT);
      Tensor score = batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT);
      Tensor dO = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      Tensor dW = subject.scope().floats(4 * d, d);
      op.interests(batch, o, w, q);
      op.scores(batch, q, e, y);
      op.readout(batch, y, score);
      op.backward(batch, o, w, q, e, y, dO, dW, dE);
      score.download();
      for (LaunchReport r : machine.launches()) {
        Counters k = r.counters();
        System.out.printf(
            "d%d c%d h%d %s blocks %d load %d B %d S, store %d B %d S, touched %d, shared %d conf %d (%.3f) instr %d%n",
            d, c, histories, r.kernel(), r.blocks(), k.loadBytes(), k.loadSectors(), k.storeBytes(),
            k.storeSectors(), k.touchedSectors(), k.sharedWavefronts(), k.sharedConflicts(),
            (double) k.sharedConflicts() / k.sharedWavefronts(), k.warpInstructionsTotal());
      }
      long cap = 4 * 4 * d * 4L * histories;
      long en = 4L * d * c * histories;
      long yn = 16L * c * histories;
      System.out.printf("min sectors: interests %d scores %d backward %d%n", 2*cap/32, (cap+en+yn)/32, (3*cap+2*en+yn)/32);
    }
  }
}
