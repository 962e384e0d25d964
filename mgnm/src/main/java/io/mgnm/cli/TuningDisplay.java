package io.mgnm.cli;

import io.mgnm.config.Key;
import io.mgnm.tune.Search;
import io.mgnm.tune.SearchListener;
import io.mgnm.tune.TrialResult;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Shows a search: each trial as it trains, and after each rung the best ones. */
final class TuningDisplay implements SearchListener, AutoCloseable {
  private static final int SHOWN = 3;

  private final PrintWriter err;
  private final TrainingDisplay training;
  private Search search;

  TuningDisplay(PrintWriter err) {
    this.err = err;
    this.training = new TrainingDisplay(err);
  }

  /** Tells what the best trials are asked of. */
  void show(Search asked) {
    search = asked;
  }

  @Override
  public void begins(
      int trial, int rung, int rungs, int place, int of, int epochs, Map<Key, Object> settings) {
    err.printf(
        "trial %d (%d of %d, rung %d of %d: to epoch %d): %s%n",
        trial,
        place,
        of,
        rung,
        rungs,
        epochs,
        settings.entrySet().stream()
            .map(entry -> entry.getKey().key() + "=" + entry.getValue())
            .collect(Collectors.joining(" ")));
    err.flush();
  }

  @Override
  public void steps(int epoch, long done, long ofEpoch, double lossPerCandidate, double rate) {
    training.steps(epoch, done, ofEpoch, lossPerCandidate, rate);
  }

  @Override
  public void epoch(EpochReport report) {
    training.epoch(report);
  }

  @Override
  public void ended(TrialResult result) {
    training.close();
    List<TrialResult> best = search.best();
    String standing =
        best.isEmpty()
            ? ""
            : "; best so far: trial %d, %.4f"
                .formatted(best.getFirst().trial(), best.getFirst().ndcg5());
    if (result.failure() == null) {
      err.printf("trial %d: validation ndcg@5 %.4f%s%n", result.trial(), result.ndcg5(), standing);
    } else {
      err.printf("trial %d failed: %s%s%n", result.trial(), result.failure(), standing);
    }
    err.flush();
  }

  @Override
  public void rungEnded(int rung, int rungs) {
    if (rung < rungs) {
      err.printf("rung %d of %d is done; the best so far:%n", rung, rungs);
      TrialTable.of(search.best(), SHOWN).forEach(err::println);
      err.flush();
    }
  }

  @Override
  public void close() {
    training.close();
  }
}
