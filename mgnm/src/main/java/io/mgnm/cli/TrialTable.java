package io.mgnm.cli;

import io.mgnm.tune.TrialResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;

/** The best trials of a search side by side: a column a trial, what it reached and what it set. */
final class TrialTable {
  private TrialTable() {}

  /** Lines for a terminal: the first {@code most} of the results. */
  static List<String> of(List<TrialResult> results, int most) {
    List<TrialResult> shown = results.subList(0, Math.min(most, results.size()));
    if (shown.isEmpty()) {
      return List.of("no trial is at the end of its first rung yet");
    }
    Map<String, Function<TrialResult, Object>> rows = new LinkedHashMap<>();
    rows.put("trial", TrialResult::trial);
    for (String metric : List.of("ndcg@5", "hit@5")) {
      rows.put(metric, result -> "%.4f".formatted(result.validation().get(metric)));
    }
    rows.put("best epoch", result -> result.bestEpoch() + " of " + result.epochs());
    rows.put("seconds", result -> "%.0f".formatted(result.trainSeconds()));
    TreeSet<String> names = new TreeSet<>();
    shown.forEach(result -> names.addAll(result.settings().keySet()));
    // a setting that a trial leaves as it is in the base
    names.forEach(name -> rows.put(name, result -> result.settings().getOrDefault(name, "-")));

    List<String> lines = new ArrayList<>();
    rows.forEach(
        (name, value) -> {
          StringBuilder line = new StringBuilder("%-20s".formatted(name));
          shown.forEach(result -> line.append("%11s".formatted(value.apply(result))));
          lines.add(line.toString());
        });
    return lines;
  }
}
