package io.mgnm.simulator.driver;

import java.util.HashMap;
import java.util.Map;

/** Makes chosen calls fail: how a program is shown the errors that a healthy device never gives. */
public final class FaultInjection {
  private final Map<String, Integer> counts = new HashMap<>();
  private final Map<String, Map<Integer, Integer>> planned = new HashMap<>();

  /**
   * The n-th call of a function from now on returns a code and does nothing else.
   *
   * @param function the C function, such as {@code cuMemAlloc_v2} or {@code cublasSgemm_v2}
   * @param n 1 for the next call
   * @param code what it returns
   */
  public synchronized void fail(String function, int n, int code) {
    if (n < 1) {
      throw new IllegalArgumentException("n counts from 1, was " + n);
    }
    int from = counts.getOrDefault(function, 0);
    planned.computeIfAbsent(function, f -> new HashMap<>()).put(from + n, code);
  }

  /** Counts a call; its planned code, or 0. */
  synchronized int next(String function) {
    int n = counts.merge(function, 1, Integer::sum);
    Map<Integer, Integer> codes = planned.get(function);
    Integer code = codes == null ? null : codes.remove(n);
    return code == null ? 0 : code;
  }

  /** Whether every planned fault has happened. */
  public synchronized boolean allHappened() {
    return planned.values().stream().allMatch(Map::isEmpty);
  }
}
