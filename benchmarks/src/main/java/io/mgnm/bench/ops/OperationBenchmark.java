package io.mgnm.bench.ops;

import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One operation over {@link Scene#HISTORIES} histories of {@link Scene#LENGTH}, on one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OperationBenchmark {
  /** Single precision, over the longest chain of a scene; a wrong term is far outside. */
  private static final double BOUND = 1e-4;

  /** One of {@link Operation#names}. */
  @Param("capsule_projection forward")
  public String operation;

  /** Embedding size. */
  @Param("16")
  public int d;

  private Backend backend;
  private Scene scene;
  private Runnable work;

  /**
   * Builds the inputs, and compares the first run with the reference's.
   *
   * @throws IllegalStateException where they differ
   */
  @Setup(Level.Trial)
  public void setUp() {
    backend = Backends.open("cpu", new BackendOptions(1));
    scene = new Scene(backend, d);
    Operation.Work bound = Operation.of(operation).work(scene);
    bound.run().run();
    compare(bound.results().get());
    work = bound.run();
  }

  private void compare(List<float[]> came) {
    try (Backend reference = Backends.open("reference", new BackendOptions(1));
        Scene same = new Scene(reference, d)) {
      Operation.Work bound = Operation.of(operation).work(same);
      bound.run().run();
      List<float[]> expected = bound.results().get();
      for (int i = 0; i < expected.size(); i++) {
        double error = error(expected.get(i), came.get(i));
        if (!(error <= BOUND)) {
          throw new IllegalStateException(
              "%s, d %d: output %d differs from the reference by %.2g of its norm; not timed"
                  .formatted(operation, d, i, error));
        }
      }
    }
  }

  private static double error(float[] expected, float[] came) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += ((double) came[i] - expected[i]) * ((double) came[i] - expected[i]);
      norm += (double) expected[i] * expected[i];
    }
    return norm == 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
  }

  /** The operation. */
  @Benchmark
  public void run() {
    work.run();
  }

  /** Releases the memory. */
  @TearDown(Level.Trial)
  public void tearDown() {
    scene.close();
    backend.close();
  }
}
