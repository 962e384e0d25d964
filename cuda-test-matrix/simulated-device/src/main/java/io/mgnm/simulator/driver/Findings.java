package io.mgnm.simulator.driver;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** All findings of one machine, in the order they were made. */
public final class Findings {
  /** Past this many, findings are counted only: a fault in a loop must not fill the memory. */
  private static final int KEPT = 1000;

  private final List<Finding> all = new ArrayList<>();
  private long omitted;

  /** Adds a finding. */
  public synchronized void add(Finding.Kind kind, String message) {
    if (all.size() < KEPT) {
      all.add(new Finding(kind, message));
    } else {
      omitted++;
    }
  }

  public synchronized List<Finding> all() {
    return List.copyOf(all);
  }

  public synchronized List<Finding> of(Finding.Kind kind) {
    return all.stream().filter(finding -> finding.kind() == kind).toList();
  }

  public synchronized boolean isEmpty() {
    return all.isEmpty();
  }

  /** Takes and forgets all findings: for tests that expect them. */
  public synchronized List<Finding> take() {
    List<Finding> taken = List.copyOf(all);
    all.clear();
    omitted = 0;
    return taken;
  }

  @Override
  public synchronized String toString() {
    String text = all.stream().map(Finding::toString).collect(Collectors.joining("\n"));
    return omitted == 0 ? text : text + "\n... and " + omitted + " more";
  }
}
