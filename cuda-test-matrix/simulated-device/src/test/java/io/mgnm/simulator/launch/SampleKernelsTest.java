package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.exec.Order;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Textbook kernels give right results, without a report, in every order and capability. */
class SampleKernelsTest {
  private static final int N = 1000;

  static Stream<Arguments> everywhere() {
    List<Arguments> result = new ArrayList<>();
    for (String capability : List.of("7.5", "8.6", "9.0")) {
      for (Order order :
          List.of(Order.ascending(), Order.descending(), Order.random(11), Order.random(12))) {
        result.add(Arguments.of(capability, order));
      }
    }
    return result.stream();
  }

  private static Bench bench(String capability, Order order) throws IOException {
    try (InputStream in = SampleKernelsTest.class.getResourceAsStream("samples.cu")) {
      Bench bench = Bench.cuda(new String(in.readAllBytes(), StandardCharsets.UTF_8), capability);
      bench.order = order;
      return bench;
    }
  }

  private static int[] integers(int n, int bound) {
    Random random = new Random(n);
    return random.ints(n, 0, bound).toArray();
  }

  private static void silent(LaunchReport report) {
    assertThat(report.findings()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void reduction(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    int[] x = integers(N, 1000);
    long out = bench.ints(0);
    silent(bench.run("reduce", 3, 128, bench.ints(x), out, N));
    assertThat(bench.readInts(out, 1)[0]).isEqualTo(Arrays.stream(x).sum());
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void scan(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    bench.dynamicShared = 2 * 256 * 4;
    int[] x = integers(256, 100);
    long out = bench.uninitialised(1024);
    silent(bench.run("scan", 1, 256, bench.ints(x), out));
    int[] want = x.clone();
    Arrays.parallelPrefix(want, Integer::sum);
    assertThat(bench.readInts(out, 256)).isEqualTo(want);
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void transpose(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    int rows = 37;
    int columns = 65;
    int[] x = integers(rows * columns, 1 << 30);
    long out = bench.uninitialised(4L * x.length);
    silent(
        bench
            .launch("transpose", 1, 1, bench.ints(x), out, rows, columns)
            .grid(3, 2, 1)
            .block(32, 8, 1)
            .run());
    int[] got = bench.readInts(out, x.length);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        assertThat(got[c * rows + r]).isEqualTo(x[r * columns + c]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void histogram(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    int[] x = integers(N, 32);
    long out = bench.ints(new int[32]);
    silent(bench.run("histogram", 4, 96, bench.ints(x), out, N));
    int[] want = new int[32];
    for (int v : x) {
      want[v]++;
    }
    assertThat(bench.readInts(out, 32)).isEqualTo(want);
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void tiledProduct(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    int n = 33;
    float[] a = new float[n * n];
    float[] b = new float[n * n];
    for (int i = 0; i < a.length; i++) {
      a[i] = i % 7 - 3;
      b[i] = i % 5 - 2;
    }
    long out = bench.uninitialised(4L * n * n);
    silent(
        bench
            .launch("product", 1, 1, bench.floats(a), bench.floats(b), out, n)
            .grid(3, 3, 1)
            .block(16, 16, 1)
            .run());
    float[] got = bench.readFloats(out, n * n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        float want = 0;
        for (int k = 0; k < n; k++) {
          want += a[i * n + k] * b[k * n + j];
        }
        assertThat(got[i * n + j]).isEqualTo(want);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void bitonicSort(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    int[] x = integers(256, 1 << 30);
    long data = bench.ints(x);
    silent(bench.run("bitonic", 1, 128, data));
    Arrays.sort(x);
    assertThat(bench.readInts(data, 256)).isEqualTo(x);
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void functionsLocalArraysAndDivergence(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    long out = bench.uninitialised(4L * 64);
    LaunchReport report = bench.run("collatz", 1, 64, out);
    silent(report);
    int[] got = bench.readInts(out, 64);
    for (int i = 0; i < 64; i++) {
      int steps = 0;
      for (long v = i + 1; v != 1; v = v % 2 == 0 ? v / 2 : 3 * v + 1) {
        steps++;
      }
      assertThat(got[i]).as("start %d", i + 1).isEqualTo(steps * 10 + (i + 1) % 4);
    }
    assertThat(report.counters().divergentBranches()).isPositive();
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void printsAndLocks(String capability, Order order) throws IOException {
    Bench bench = bench(capability, order);
    long lock = bench.ints(0, 0);
    LaunchReport report = bench.run("locked", 1, 64, lock);
    assertThat(bench.readInts(lock, 2)).containsExactly(0, 64);
    assertThat(report.printed()).isEqualTo("block 0 of 1: 2.50 done\n");
  }
}
