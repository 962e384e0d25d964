package io.mgnm.cli;

import io.mgnm.train.TrainingListener;
import java.io.PrintWriter;
import java.util.Map;

/** Shows a training: how far the running epoch is, and a line an epoch. */
final class TrainingDisplay implements TrainingListener, AutoCloseable {
  private final ProgressDisplay progress;

  TrainingDisplay(PrintWriter err) {
    progress = new ProgressDisplay(err);
  }

  @Override
  public void steps(int epoch, long done, long ofEpoch, double lossPerCandidate, double rate) {
    progress.show(
        "epoch " + epoch,
        done,
        ofEpoch,
        () -> "loss %.4f, %,.0f histories/s".formatted(lossPerCandidate, rate));
  }

  @Override
  public void epoch(EpochReport report) {
    close();
    Map<String, Double> means = report.validation().means();
    progress.say(
        "epoch %d: loss %.4f, validation hit@5 %.4f ndcg@5 %.4f%s, %.1f s, %,.0f histories/s"
            .formatted(
                report.epoch(),
                report.loss(),
                means.get("hit@5"),
                means.get("ndcg@5"),
                report.best() ? " (best)" : "",
                report.trainSeconds(),
                report.historiesPerSecond()));
  }

  @Override
  public void close() {
    progress.close();
  }
}
