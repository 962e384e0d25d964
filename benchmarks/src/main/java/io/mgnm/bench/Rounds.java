package io.mgnm.bench;

import java.util.List;
import java.util.stream.IntStream;

/** Times workloads in turns, so that what else the machine does hits all of them alike. */
final class Rounds {
  private static final int ROUNDS = 15;

  // When a workload is as fast as it will be.
  private static final int LEAST_ROUNDS = 10;
  private static final int MOST_ROUNDS = 30;
  private static final int STEADY = 3;
  private static final double FASTER = 0.98;

  private Rounds() {}

  /** Runs a workload for so many seconds, at least once. */
  static void warm(Workload workload, double seconds) {
    round(workload, seconds);
  }

  /**
   * Runs a workload until it has become as fast as it will be: until three rounds in a row have not
   * been faster, by a fiftieth, than the fastest before. Ten rounds at least, since a compiler at
   * work looks like that too, and thirty at most.
   *
   * @param seconds of a round
   */
  static void settle(Workload workload, double seconds) {
    double least = Double.POSITIVE_INFINITY;
    int since = 0;
    for (int round = 0; round < LEAST_ROUNDS || (since < STEADY && round < MOST_ROUNDS); round++) {
      double time = round(workload, seconds);
      since = time < least * FASTER ? 0 : since + 1;
      least = Math.min(least, time);
    }
  }

  /**
   * Times workloads that are warm.
   *
   * @param seconds for each
   */
  static List<Spread> of(List<? extends Workload> workloads, double seconds) {
    double[][] times = new double[workloads.size()][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < times.length; i++) {
        times[i][round] = round(workloads.get(i), seconds / ROUNDS);
      }
    }
    return IntStream.range(0, times.length).mapToObj(i -> Spread.of(times[i])).toList();
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
}
