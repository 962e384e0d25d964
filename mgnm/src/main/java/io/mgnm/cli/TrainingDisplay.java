package io.mgnm.cli;

import io.mgnm.train.TrainingListener;
import java.io.PrintWriter;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows a training: a bar for the running epoch where there is a terminal, a line an epoch. */
final class TrainingDisplay implements TrainingListener, AutoCloseable {
  private static final long SILENCE_NANOS = 30_000_000_000L;

  private final PrintWriter err;
  private final boolean terminal = System.console() != null && System.console().isTerminal();
  private ProgressBar bar;
  private long lastSaid = System.nanoTime();

  TrainingDisplay(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void steps(int epoch, long done, long ofEpoch, double lossPerCandidate, double rate) {
    if (!terminal) {
      sayNowAndThen(epoch, done, ofEpoch, lossPerCandidate, rate);
      return;
    }
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("epoch " + epoch)
              .setInitialMax(ofEpoch)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(200)
              .build();
    }
    bar.stepTo(done);
    bar.setExtraMessage("loss %.4f, %,.0f histories/s".formatted(lossPerCandidate, rate));
  }

  /** Without a terminal, such as in a log: a line now and then instead of a bar. */
  private void sayNowAndThen(
      int epoch, long done, long ofEpoch, double lossPerCandidate, double rate) {
    if (System.nanoTime() - lastSaid > SILENCE_NANOS) {
      lastSaid = System.nanoTime();
      err.printf(
          "epoch %d: step %d of %d, loss %.4f, %,.0f histories/s%n",
          epoch, done, ofEpoch, lossPerCandidate, rate);
      err.flush();
    }
  }

  @Override
  public void epoch(EpochReport report) {
    close();
    lastSaid = System.nanoTime();
    Map<String, Double> means = report.validation().means();
    err.printf(
        "epoch %d: loss %.4f, validation hit@5 %.4f ndcg@5 %.4f%s, %.1f s, %,.0f histories/s%n",
        report.epoch(),
        report.loss(),
        means.get("hit@5"),
        means.get("ndcg@5"),
        report.best() ? " (best)" : "",
        report.trainSeconds(),
        report.historiesPerSecond());
    err.flush();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
