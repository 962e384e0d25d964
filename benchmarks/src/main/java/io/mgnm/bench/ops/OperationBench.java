package io.mgnm.bench.ops;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/** Runs the benchmarks, each in a JVM of its own. */
public final class OperationBench {
  private static final int ROUNDS = 5;

  private final double seconds;
  private final double peak;

  /**
   * Measures the peak of a core.
   *
   * @param seconds of warming up each benchmark; it is timed for half as long
   * @throws RunnerException where the JVM of a benchmark fails
   */
  public OperationBench(double seconds) throws RunnerException {
    this.seconds = seconds;
    RunResult fma = new Runner(options("PeakBenchmark").build()).run().iterator().next();
    peak = PeakBenchmark.FLOPS / fma.getPrimaryResult().getStatistics().getMin();
  }

  /**
   * Times of one operation, for one history.
   *
   * @param name operation and direction
   * @param d embedding size
   * @param nanoseconds the median
   * @param least nanoseconds
   * @param most nanoseconds
   * @param gflops of its matrix products, as if they took all the time; 0 where it has none
   */
  public record Timed(
      String name, int d, double nanoseconds, double least, double most, double gflops) {}

  /** Names of all operations. */
  public static List<String> names() {
    return Operation.names();
  }

  /** GFLOP/s of a loop of nothing but fma, on one core. */
  public double peak() {
    return peak;
  }

  /**
   * Times one operation.
   *
   * @throws RunnerException where its JVM fails, or its results are not the reference's
   */
  public List<Timed> time(String name, int... sizes) throws RunnerException {
    List<Timed> all = new ArrayList<>();
    for (int d : sizes) {
      RunResult result =
          new Runner(
                  options("OperationBenchmark")
                      .param("operation", name)
                      .param("d", Integer.toString(d))
                      .build())
              .run()
              .iterator()
              .next();
      Statistics times = result.getPrimaryResult().getStatistics();
      double median = times.getPercentile(50) / Scene.HISTORIES;
      all.add(
          new Timed(
              name,
              d,
              median,
              times.getMin() / Scene.HISTORIES,
              times.getMax() / Scene.HISTORIES,
              Operation.of(name).flops(d) / median));
    }
    return all;
  }

  private ChainedOptionsBuilder options(String benchmark) {
    return new OptionsBuilder()
        .include("\\b" + benchmark + "\\b")
        .forks(1)
        .warmupIterations(ROUNDS)
        .warmupTime(milliseconds(seconds / ROUNDS))
        .measurementIterations(ROUNDS)
        .measurementTime(milliseconds(seconds / 2 / ROUNDS))
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT)
        .jvmArgs(
            "--add-modules=jdk.incubator.vector",
            "--sun-misc-unsafe-memory-access=allow", // JMH's own
            "-XX:+UseSerialGC",
            "-Xlog:disable");
  }

  private static TimeValue milliseconds(double seconds) {
    return TimeValue.milliseconds(Math.max(1, Math.round(seconds * 1e3)));
  }

  /** Whether an operation has matrix products, whose rate is told. */
  public static boolean hasProducts(String name) {
    return Operation.of(name).flops(1) > 0;
  }
}
