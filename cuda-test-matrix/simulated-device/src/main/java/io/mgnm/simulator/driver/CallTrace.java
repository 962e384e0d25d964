package io.mgnm.simulator.driver;

import java.util.ArrayList;
import java.util.List;

/** The API calls of a machine in their order, for tests that assert what the program asked for. */
public final class CallTrace {
  /**
   * One call.
   *
   * @param function the C function, such as {@code cuMemAlloc_v2}
   * @param result its result code; 0 is success in all three libraries
   * @param detail why it failed, or what was launched; empty otherwise
   */
  public record Call(String function, int result, String detail) {
    @Override
    public String toString() {
      return function + " -> " + result + (detail.isEmpty() ? "" : " (" + detail + ")");
    }
  }

  private final List<Call> calls = new ArrayList<>();
  private String detail = "";

  /** Says more about the call under way. */
  synchronized void describe(String text) {
    detail = text;
  }

  synchronized void add(String function, int result, String failure) {
    calls.add(new Call(function, result, failure.isEmpty() ? detail : failure));
    detail = "";
  }

  public synchronized List<Call> calls() {
    return List.copyOf(calls);
  }

  /** The calls of one function. */
  public synchronized List<Call> calls(String function) {
    return calls.stream().filter(call -> call.function().equals(function)).toList();
  }

  public synchronized int count(String function) {
    return calls(function).size();
  }

  public synchronized void clear() {
    calls.clear();
  }
}
