package io.mgnm.bench;

import io.mgnm.bench.LaunchCounts.KernelCost;
import io.mgnm.ops.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/**
 * What one run of a workload costs on a GPU, counted on a simulated device.
 *
 * @param what was run
 * @param histories that the run gets through
 * @param kernels in the order in which they first ran
 */
record Counted(String what, long histories, List<KernelCost> kernels) {

  /** Checks a workload against the reference, then counts one run of it. */
  static Counted of(
      LaunchCounts counts, String name, Case what, BiFunction<Backend, Case, Workload> maker) {
    new Timing("cuda", 0).check(what.small(), maker);
    try (Backend backend = counts.open();
        Workload workload = maker.apply(backend, what)) {
      return new Counted(name, workload.histories(), counts.count(backend, workload::run));
    }
  }

  /** A recording has launches only, each a node of its graph. */
  int launches() {
    return kernels.stream().mapToInt(KernelCost::launches).sum();
  }

  /** The estimate of the whole. */
  double seconds() {
    return kernels.stream().mapToDouble(KernelCost::seconds).sum();
  }

  /** All kernels together. */
  KernelCost sum() {
    return new KernelCost(
        "",
        launches(),
        kernels.stream().mapToLong(KernelCost::bytes).sum(),
        kernels.stream().mapToLong(KernelCost::instructions).sum(),
        seconds(),
        kernels.stream().mapToDouble(KernelCost::boundSeconds).sum(),
        "");
  }

  /** A heading and a table in Markdown. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s: %d histories, %d graph nodes, estimate %.1f µs, which would be %,.0f histories/s"
                + " and %.0f %% of the bound",
            what,
            histories,
            launches(),
            seconds() * 1e6,
            histories / seconds(),
            100 * sum().shareOfBound()));
    lines.add("");
    lines.add(
        "| kernel | launches | MB | warp instructions, M | estimate, µs | of the bound | bound by |");
    lines.add("| --- | ---: | ---: | ---: | ---: | ---: | --- |");
    kernels.forEach(kernel -> lines.add(line("`" + kernel.kernel() + "`", kernel)));
    lines.add(line("sum", sum()));
    lines.add("");
    return lines;
  }

  private static String line(String name, KernelCost cost) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.3f | %.3f | %.1f | %.0f %% | %s |",
        name,
        cost.launches(),
        cost.bytes() / 1e6,
        cost.instructions() / 1e6,
        cost.seconds() * 1e6,
        100 * cost.shareOfBound(),
        cost.boundBy());
  }
}
