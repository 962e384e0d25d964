package io.mgnm.cli;

import io.mgnm.train.TrainingListener;
import java.io.PrintWriter;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows a training: a bar for the running epoch where there is a terminal, a line an epoch. */
final class TrainingDisplay implements TrainingListener, AutoCloseable {
  private final PrintWriter err;
  private final boolean terminal = System.console() != null && System.console().isTerminal();
  private ProgressBar bar;

  TrainingDisplay(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void steps(int epoch, long done, long ofEpoch, double lossPerCandidate, double rate) {
    if (!terminal) {
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

  @Override
  public void epoch(EpochReport report) {
    close();
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
