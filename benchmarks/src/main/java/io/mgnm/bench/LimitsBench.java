package io.mgnm.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import io.mgnm.bench.ops.PeakBenchmark;
import io.mgnm.cli.MgnmCommand;
import io.mgnm.config.Key;
import io.mgnm.model.ModelConfig;
import io.mgnm.ops.Adam;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** {@code bench limits}: a step beside what the machine could do. */
final class LimitsBench {
  private static final int TABLE_ROWS = 353_099;
  private static final int TABLE_WIDTH = 40;

  private final int threads = Runtime.getRuntime().availableProcessors();
  private final double seconds;
  private final Results results;
  private final PrintWriter out;

  /**
   * @param seconds of warming up, and of each measurement
   */
  LimitsBench(double seconds, Results results, PrintWriter out) {
    this.seconds = seconds;
    this.results = results;
    this.out = out;
  }

  void run(List<Case> cases) throws IOException {
    Table machine = results.table("limits", "what", "measured", "beside");
    machine.lines().forEach(out::println);
    double peak = peak(machine);
    bandwidth(machine);
    narrow(machine, cases.getFirst());
    for (Case each : cases) {
      if (each.events().lengths().stream().distinct().count() == 1) {
        out.println();
        step(machine, each, peak);
      }
    }
  }

  private void add(Table table, String what, String measured, String beside) {
    out.println(
        table.add(
            Map.of("what", what, "measured", measured, "beside", beside), what, measured, beside));
    out.flush();
  }

  /** Floating-point operations a second of all cores, in registers. */
  private double peak(Table table) {
    PeakBenchmark benchmark = new PeakBenchmark();
    Workload fma = new Loop(() -> benchmark.sum += benchmark.fma());
    Rounds.warm(fma, seconds / 2);
    // The best round: what the cores can do, whatever else runs.
    double one = PeakBenchmark.FLOPS / Rounds.of(List.of(fma), seconds / 2).getFirst().least();
    add(table, "fma in registers, one core", "%.0f GFLOP/s".formatted(one / 1e9), "");
    return one * threads;
  }

  private void bandwidth(Table table) {
    int values = TABLE_ROWS * TABLE_WIDTH;
    float[][] arrays = new float[3][values];
    Workload stream = new Loop(() -> scaleAll(arrays));
    try (Backend backend = Backends.open("cpu", new BackendOptions(threads));
        Scope scope = backend.scope("dense update")) {
      Workload update = new Loop(update(backend, scope));
      Rounds.warm(stream, seconds / 2);
      Rounds.warm(update, seconds / 2);
      List<Spread> times = Rounds.of(List.of(stream, update), seconds);
      double bytes = 6.0 * Float.BYTES * values; // three arrays, read and written
      double most = bytes / times.getFirst().median();
      double came = bytes / times.getLast().median();
      add(
          table,
          "three arrays of %,d × %d values scaled in place".formatted(TABLE_ROWS, TABLE_WIDTH),
          "%.1f GB/s".formatted(most / 1e9),
          "%d threads".formatted(threads));
      add(
          table,
          "`embedding.update: dense` of such a table",
          "%s ms, %.1f GB/s".formatted(times.getLast().milliseconds(), came / 1e9),
          "%.0f %% of the line above".formatted(100 * came / most));
    }
  }

  private void scaleAll(float[][] arrays) {
    int part = arrays[0].length / threads;
    IntStream.range(0, threads)
        .parallel()
        .forEach(
            thread -> {
              for (float[] array : arrays) {
                scale(
                    array,
                    thread * part,
                    thread == threads - 1 ? array.length : (thread + 1) * part);
              }
            });
  }

  private static void scale(float[] array, int from, int to) {
    for (int i = from; i < to; i++) {
      array[i] = array[i] * 0.999f + 0.001f;
    }
  }

  private static Runnable update(Backend backend, Scope scope) {
    Case what = Case.all().get(1);
    Batch batch =
        scope.batch(
            ModelConfig.of(what.settings()).batch(1, 1 + what.settings().integer(Key.NEGATIVES)));
    StepState state = scope.stepState();
    state.set(0, 1e-3);
    backend
        .batchSampling(new BatchSampling.Options(1, false))
        .draw(what.events().upload(scope), state, batch);
    Tensor table = scope.floats(TABLE_ROWS, TABLE_WIDTH);
    Tensor first = scope.floats(TABLE_ROWS, TABLE_WIDTH);
    Tensor second = scope.floats(TABLE_ROWS, TABLE_WIDTH);
    float[] ones = new float[table.size()];
    Arrays.fill(ones, 1);
    table.upload(ones);
    RowGradients none = scope.rowGradients(1, TABLE_WIDTH);
    Adam adam = backend.adam(Adam.Options.withL2(1e-5));
    return () -> adam.table(table, none, first, second, state);
  }

  /** The same step in a JVM that has 256-bit vectors only. */
  private void narrow(Table table, Case what) throws IOException {
    double wide = child(what, "-XX:UseAVX=3");
    double narrow = child(what, "-XX:UseAVX=2");
    add(
        table,
        "a step of " + what.name() + ", with `-XX:UseAVX=2`",
        "%.1f ms at best".formatted(narrow * 1e3),
        "%.0f %% of the speed with AVX-512, %.1f ms at best"
            .formatted(100 * wide / narrow, wide * 1e3));
  }

  /** Seconds of the best round, since the two JVMs are not timed in turns. */
  private double child(Case what, String option) throws IOException {
    Path json = Files.createTempFile("mgnm-bench", ".json");
    try {
      ChildJvm.run(
          List.of(option),
          MgnmCommand.class,
          List.of(
              "bench",
              "step",
              "--only",
              what.name(),
              "--seconds",
              "" + seconds,
              "--json",
              json.toString()));
      JsonNode rows = new ObjectMapper().readTree(json.toFile()).path("rows");
      return rows.path(rows.size() - 1).path("seconds").path("least").asDouble();
    } finally {
      Files.delete(json);
    }
  }

  /** Where a step's time goes, beside what it would take at the peak. */
  private void step(Table machine, Case what, double peak) throws IOException {
    Table table =
        results.table(
            "limits " + what.settings().integer(Key.D),
            "operation",
            "share",
            "ms",
            "products, GFLOP",
            "exp and tanh, M",
            "at the peak, ms",
            "share of the peak");
    try (Backend backend = Backends.open("cpu", new BackendOptions(threads));
        StepWorkload step = new StepWorkload(backend, what)) {
      Rounds.warm(step, seconds * 2);
      double time = Rounds.of(List.of(step), seconds).getFirst().median();
      int n = what.events().lengths().getFirst();
      List<Costs> costs =
          Costs.of(
              n,
              what.settings().integer(Key.D),
              what.settings().integer(Key.INTERESTS),
              what.settings().integer(Key.LAYERS));
      List<String> stems = costs.stream().map(Costs::stem).distinct().toList();
      Map<String, Double> shares = Profile.of(() -> Rounds.warm(step, seconds), stems);
      table.lines().forEach(out::println);
      double floors = 0;
      long flops = 0;
      for (Costs cost : costs) {
        double share = shares.getOrDefault(cost.name(), 0.0);
        double floor = cost.floor(step.histories(), peak);
        floors += floor;
        flops += cost.flops();
        row(table, cost, step.histories(), share, share * time, floor);
      }
      double other = shares.getOrDefault(Profile.OTHER, 0.0);
      row(table, new Costs("other", "", 0, 0), step.histories(), other, other * time, 0);
      row(table, new Costs("sum", "", flops, 0), step.histories(), 1, time, floors);
      add(
          machine,
          "allocated by a step, " + what.name(),
          "%,d bytes".formatted(allocated(step)),
          "all threads, by the JVM's counter");
    }
  }

  private void row(
      Table table, Costs cost, long histories, double share, double time, double floor) {
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("what", cost.name());
    record.put("share", share);
    record.put("seconds", time);
    record.put("floorSeconds", floor);
    out.println(
        table.add(
            record,
            cost.name(),
            "%.1f %%".formatted(100 * share),
            "%.2f".formatted(time * 1e3),
            cost.flops() == 0 ? "" : "%.3f".formatted(cost.flops() * histories / 1e9),
            cost.functions() == 0 ? "" : "%.2f".formatted(cost.functions() * histories / 1e6),
            floor == 0 ? "" : "%.2f".formatted(floor * 1e3),
            floor == 0 || time == 0 ? "" : "%.0f %%".formatted(100 * floor / time)));
  }

  /** Bytes that a step allocates, on all threads: the least of some steps. */
  private static long allocated(StepWorkload step) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 10; i++) {
      long before = threads.getTotalThreadAllocatedBytes();
      step.once();
      least = Math.min(least, threads.getTotalThreadAllocatedBytes() - before);
    }
    return least;
  }

  private record Loop(Runnable work) implements Workload {
    @Override
    public void run() {
      work.run();
    }

    @Override
    public long histories() {
      return 0;
    }

    @Override
    public double result() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
