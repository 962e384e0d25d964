package io.mgnm.simulator.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Lane-instructions a second on an LSTM-like kernel; printed, and held above a low floor. */
class SpeedTest {
  private static final int STEPS = 100;
  private static final int BLOCKS = 16;

  @Test
  void lstmLikeKernel() throws IOException {
    String source;
    try (InputStream in = SpeedTest.class.getResourceAsStream("lstm_like.cu")) {
      source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Bench bench = Bench.cuda(source, "9.0");
    float[] x = new float[BLOCKS * 4 * STEPS * 16];
    float[] w = new float[24 * 32];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) Math.sin(i);
    }
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) Math.cos(3 * i) * 0.3f;
    }
    long out = bench.uninitialised(BLOCKS * 4 * STEPS * 8 * 4);
    Object[] arguments = {bench.floats(x), bench.floats(w), out, STEPS};
    double checked = rate(bench, arguments, EnumSet.allOf(Check.class), true);
    double bare = rate(bench, arguments, EnumSet.noneOf(Check.class), false);
    System.out.printf(
        "simulated device, LSTM-like kernel, one core: %.0f M lane-instructions/s with all checks"
            + " and counters, %.0f M without%n",
        checked / 1e6, bare / 1e6);
    assertThat(checked).isGreaterThan(50e6);
  }

  private static double rate(Bench bench, Object[] arguments, Set<Check> checks, boolean counting) {
    long lanes =
        bench.launch("lstm_like", BLOCKS, 128, arguments).run().counters().laneInstructionsTotal();
    double best = 0;
    long end = System.nanoTime() + 3_000_000_000L;
    while (System.nanoTime() < end) {
      Launch launch =
          bench.launch("lstm_like", BLOCKS, 128, arguments).checks(checks).counting(counting);
      long start = System.nanoTime();
      LaunchReport report = launch.run();
      best = Math.max(best, lanes * 1e9 / (System.nanoTime() - start));
      assertThat(report.findings()).isEmpty();
    }
    return best;
  }
}
