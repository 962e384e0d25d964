package io.mgnm.bench;

import io.mgnm.bench.ops.OperationBench;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.runner.RunnerException;

/** {@code bench ops}: every operation and direction by itself. */
final class OpsBench {
  private final Results results;
  private final PrintWriter out;

  OpsBench(Results results, PrintWriter out) {
    this.results = results;
    this.out = out;
  }

  /**
   * Times them.
   *
   * @param seconds of warming up each; it is timed for half as long
   * @param only a part of the names, such as "bilstm"
   */
  void run(double seconds, String only) {
    List<String> names =
        OperationBench.names().stream().filter(name -> name.contains(only)).toList();
    if (names.isEmpty()) {
      return; // --only chose a model
    }
    try {
      OperationBench bench = new OperationBench(seconds);
      Table table =
          results.table(
              "ops",
              "operation",
              "d",
              "µs a history, median (least to most)",
              "products, GFLOP/s",
              "of the peak, %.0f".formatted(bench.peak()));
      table.lines().forEach(out::println);
      for (String name : names) {
        int[] sizes = OperationBench.hasProducts(name) ? new int[] {16, 40} : new int[] {16};
        for (OperationBench.Timed timed : bench.time(name, sizes)) {
          out.println(row(table, timed, bench.peak()));
          out.flush();
        }
      }
    } catch (RunnerException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static String row(Table table, OperationBench.Timed timed, double peak) {
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("what", timed.name());
    record.put("timed", timed);
    record.put("peakGflops", peak);
    boolean products = timed.gflops() > 0;
    return table.add(
        record,
        timed.name(),
        Integer.toString(timed.d()),
        "%.2f (%.2f to %.2f)"
            .formatted(timed.nanoseconds() / 1e3, timed.least() / 1e3, timed.most() / 1e3),
        products ? "%.0f".formatted(timed.gflops()) : "",
        products ? "%.0f %%".formatted(100 * timed.gflops() / peak) : "");
  }
}
