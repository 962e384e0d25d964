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

  private static final int ROUNDS = 15;

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
  record Timed(long histories, Map<Integer, Spread> seconds) {}

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
      workloads.forEach(workload -> round(workload, seconds));
      return new Timed(workloads.getFirst().histories(), rounds(workloads, threads));
    } finally {
      workloads.forEach(Workload::close);
      backends.forEach(Backend::close);
    }
  }

  private Map<Integer, Spread> rounds(List<Workload> workloads, int... threads) {
    double[][] times = new double[threads.length][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < threads.length; i++) {
        times[i][round] = round(workloads.get(i), seconds / ROUNDS);
      }
    }
    Map<Integer, Spread> result = new LinkedHashMap<>();
    for (int i = 0; i < threads.length; i++) {
      result.put(threads[i], Spread.of(times[i]));
    }
    return result;
  }

  /** Mean seconds of a run over at least {@code atLeast} seconds. */
  private static double round(Workload workload, double atLeast) {
    long start = System.nanoTime();
    int runs = 0;
    double passed;
    do {
      workload.run();
      runs++;
      passed = (System.nanoTime() - start) * 1e-9;
    } while (passed < atLeast);
    workload.await();
    return (System.nanoTime() - start) * 1e-9 / runs;
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
