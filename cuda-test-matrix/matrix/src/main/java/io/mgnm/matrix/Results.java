package io.mgnm.matrix;

import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.matrix.work.Job;
import io.mgnm.matrix.work.KernelsSeen;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What became of a matrix, as reports come in. */
public final class Results {
  private final Unsupported list;
  private final Filter filter;
  private final Map<String, CaseResult> byName = new TreeMap<>();
  private final Map<String, Set<String>> kernels = new TreeMap<>();

  Results(Unsupported list, Filter filter) {
    this.list = list;
    this.filter = filter;
  }

  /** Takes a report of a case job; a case that failed once has failed. */
  void take(Job.Report report) {
    if (report instanceof KernelsSeen seen) {
      kernels.computeIfAbsent(seen.stem(), stem -> new TreeSet<>()).addAll(seen.kernels());
    } else if (report instanceof CaseResult result && filter.matches(result.name())) {
      byName.merge(
          result.name(),
          list.judge(result),
          (one, other) -> one.outcome() == Outcome.FAILED ? one : other);
    }
  }

  /** All cases by name. */
  public Collection<CaseResult> all() {
    return byName.values();
  }

  /** Those with an outcome. */
  public Collection<CaseResult> with(Outcome outcome) {
    return byName.values().stream().filter(result -> result.outcome() == outcome).toList();
  }

  /** Kernels that were launched on simulated devices, by stem. */
  public Map<String, Set<String>> kernels() {
    return kernels;
  }

  /** {@code N passed, N failed, N skipped}. */
  public String summary() {
    return "%d passed, %d failed, %d skipped"
        .formatted(
            with(Outcome.PASSED).size(),
            with(Outcome.FAILED).size(),
            with(Outcome.UNSUPPORTED).size());
  }
}
