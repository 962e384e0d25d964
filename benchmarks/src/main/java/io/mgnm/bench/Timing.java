package io.mgnm.bench;

import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Checks a workload, warms it up, and times it with different numbers of threads in turns. */
final class Timing {
  private static final int CHECK_RUNS = 2;

  /** Single precision against double over two steps; a wrong term is far outside. */
  private static final double CHECK_BOUND = 2e-4;

  private final String backend;
  private final double seconds;

  /**
   * @param backend its name
   * @param seconds of warming up, and again of timing, for each workload
   */
  Timing(String backend, double seconds) {
    this.backend = backend;
    this.seconds = seconds;
  }

  /**
   * A workload's times.
   *
   * @param histories that one run gets through
   * @param seconds of one run by number of threads
   */
  record Timed(long histories, Map<Integer, Spread> seconds) {

    /** Adds a row for each number of threads; returns them as lines. */
    List<String> rows(String what, Table table) {
      double one = seconds.values().iterator().next().median();
      List<String> lines = new ArrayList<>();
      seconds.forEach(
          (threads, time) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("what", what);
            row.put("threads", threads);
            row.put("histories", histories);
            row.put("seconds", time);
            lines.add(
                table.add(
                    row,
                    what,
                    Integer.toString(threads),
                    time.milliseconds(),
                    "%,.0f".formatted(histories / time.median()),
                    "%.2f".formatted(one / time.median())));
          });
      return lines;
    }
  }

  /**
   * Times what {@code maker} makes, with each number of threads.
   *
   * @throws IllegalStateException where the backend's result is not the reference's
   */
  Timed time(Case what, BiFunction<Backend, Case, Workload> maker, int... threads) {
    check(what.small(), maker);
    List<Backend> backends = new ArrayList<>();
    List<Workload> workloads = new ArrayList<>();
    try {
      for (int number : threads) {
        backends.add(Backends.open(backend, new BackendOptions(number)));
        workloads.add(maker.apply(backends.getLast(), what));
      }
      workloads.forEach(workload -> Rounds.warm(workload, seconds));
      List<Spread> spreads = Rounds.of(workloads, seconds);
      Map<Integer, Spread> byThreads = new LinkedHashMap<>();
      for (int i = 0; i < threads.length; i++) {
        byThreads.put(threads[i], spreads.get(i));
      }
      return new Timed(workloads.getFirst().histories(), byThreads);
    } finally {
      workloads.forEach(Workload::close);
      backends.forEach(Backend::close);
    }
  }

  /**
   * Compares two runs of what {@code maker} makes with the reference's.
   *
   * @throws IllegalStateException where they differ
   */
  void check(Case what, BiFunction<Backend, Case, Workload> maker) {
    double expected = result("reference", what, maker);
    double came = result(backend, what, maker);
    if (!(Math.abs(came - expected) <= CHECK_BOUND * Math.abs(expected))) {
      throw new IllegalStateException(
          "%s: %s gives %s where the reference gives %s; nothing is timed"
              .formatted(what.name(), backend, came, expected));
    }
  }

  private static double result(
      String backend, Case what, BiFunction<Backend, Case, Workload> maker) {
    try (Backend opened = Backends.open(backend, new BackendOptions(1));
        Workload workload = maker.apply(opened, what)) {
      for (int i = 0; i < CHECK_RUNS; i++) {
        workload.run();
      }
      return workload.result();
    }
  }
}
