package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdamParityTest {
  private static final Adam.Options OPTIONS = new Adam.Options(0.9, 0.999, 1e-8, 1e-2);

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("adam");
  }

  /** A table, its moments, its counts, and gradients of some of its rows. */
  private record Table(
      Tensor p, Tensor m, Tensor v, IntTensor steps, Batch batch, Tensor dU, RowGradients rows) {

    /** Each history of the batch stands for one user's row, so rows are touched at will. */
    static Table of(Subject subject, int rows, int d, int histories) {
      Scope scope = subject.scope();
      Batch batch = scope.batch(new BatchShape(histories, histories, 1, 0, d, 1, 1));
      Table table =
          new Table(
              subject.output("p", rows, d),
              subject.output("m", rows, d),
              subject.output("v", rows, d),
              scope.ints(rows),
              batch,
              batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT),
              scope.rowGradients(rows, d));
      subject.input(table.p, 1);
      table.m.upload(new float[rows * d]);
      table.v.upload(new float[rows * d]);
      return table;
    }

    /** New gradients for the given rows, which may repeat. */
    void touch(Subject subject, int[] users, double scale) {
      int n = users.length;
      batch.upload(
          new Histories(
              new int[n], users, IntStream.rangeClosed(0, n).toArray(), new int[n], new int[0]));
      subject.input(dU, scale);
      subject.backend().embeddingGradient().users(batch, dU, rows);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void denseAgreesWithTheReference(Backend backend) {
    try (backend) {
      for (int size : new int[] {1, 2, 15, 16, 17, 31, 33, 64, 97, 100, 200, 8191, 8193, 20_000}) {
        for (double scale : new double[] {1, 1e-3, 1e4}) {
          Parity.check(
              "adam dense %d, scale %g".formatted(size, scale),
              backend,
              size,
              subject -> {
                Tensor p = subject.input(subject.output("p", size, 1), 1);
                Tensor m = subject.input(subject.output("m", size, 1), new float[size]);
                Tensor v = subject.input(subject.output("v", size, 1), new float[size]);
                Tensor g = subject.scope().floats(1, size);
                Adam adam = subject.backend().adam(OPTIONS);
                StepState state = subject.scope().stepState();
                for (int step = 1; step <= 5; step++) {
                  state.set(step, 1e-2);
                  adam.dense(p, subject.input(g, scale), m, v, state);
                }
              });
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void tableAndTouchedAgreeWithTheReference(Backend backend) {
    try (backend) {
      boolean cuda = backend.name().equals("cuda"); // where each width is two compilations
      for (int d : cuda ? new int[] {8, 20, 64} : new int[] {4, 8, 16, 20, 32, 40, 64}) {
        for (int rows : cuda ? new int[] {2, 2100} : new int[] {1, 2, 17, 300, 2100}) {
          for (boolean dense : new boolean[] {false, true}) {
            for (int histories : cuda ? new int[] {0, 33, 400} : new int[] {0, 1, 33, 400}) {
              Parity.check(
                  "adam %d x %d, dense %s, %d touched".formatted(rows, d, dense, histories),
                  backend,
                  rows + d + histories,
                  subject -> steps(subject, rows, d, histories, dense));
            }
          }
        }
      }
    }
  }

  private static void steps(Subject subject, int rows, int d, int histories, boolean dense) {
    Table table = Table.of(subject, rows, d, histories);
    Adam adam = subject.backend().adam(OPTIONS);
    StepState state = subject.scope().stepState();
    for (int step = 1; step <= 3; step++) {
      state.set(step, 1e-2);
      table.touch(subject, subject.random().ints(histories, 0, rows).toArray(), 1);
      if (dense) {
        adam.table(table.p, table.rows, table.m, table.v, state);
      } else {
        adam.touched(table.p, table.rows, table.m, table.v, table.steps, state);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void staysWithTheReferenceOverManySteps(Backend backend) {
    try (backend) {
      int steps = backend.name().equals("cuda") ? 30 : 1000; // simulated ones take their time
      for (boolean dense : new boolean[] {false, true}) {
        Parity.check(
            "adam, %d steps, dense %s".formatted(steps, dense),
            backend,
            3,
            subject -> {
              Table table = Table.of(subject, 40, 12, 15);
              Adam adam = subject.backend().adam(OPTIONS);
              StepState state = subject.scope().stepState();
              for (int step = 1; step <= steps; step++) {
                state.set(step, 1e-3);
                table.touch(subject, subject.random().ints(15, 0, 40).toArray(), 0.1);
                if (dense) {
                  adam.table(table.p, table.rows, table.m, table.v, state);
                } else {
                  adam.touched(table.p, table.rows, table.m, table.v, table.steps, state);
                }
              }
            });
      }
    }
  }

  /** The algorithm as its paper prints it, with Math.pow, on one value's gradients. */
  @Test
  void theReferenceIsTheTextbook() {
    try (Subject subject = new Subject(new ReferenceBackend(Precision.DOUBLE), 2)) {
      Tensor p = subject.input(subject.scope().floats(1, 1), new float[] {0.5f});
      Tensor m = subject.scope().floats(1, 1);
      Tensor v = subject.scope().floats(1, 1);
      Tensor g = subject.scope().floats(1, 1);
      StepState state = subject.scope().stepState();
      Adam adam = subject.backend().adam(OPTIONS);
      double theta = 0.5;
      double first = 0;
      double second = 0;
      for (int t = 1; t <= 1000; t++) {
        double gradient = subject.input(g, 1).download()[0] + 1e-2 * theta;
        first = 0.9 * first + 0.1 * gradient;
        second = 0.999 * second + 0.001 * gradient * gradient;
        double unbiased1 = first / (1 - Math.pow(0.9, t));
        double unbiased2 = second / (1 - Math.pow(0.999, t));
        theta -= 1e-3 * unbiased1 / (Math.sqrt(unbiased2) + 1e-8);
        state.set(t, 1e-3);
        adam.dense(p, g, m, v, state);
        assertThat(ReferenceBackend.values(p)[0]).isCloseTo(theta, within(1e-11));
      }
    }
  }

  @Test
  void powerIsThePower() {
    for (double beta : new double[] {0, 0.5, 0.9, 0.999, 0.99999}) {
      for (long t : new long[] {0, 1, 2, 3, 7, 100, 1001, 65_537, 1L << 40}) {
        double expected = Math.pow(beta, t);
        assertThat(Adam.power(beta, t)).isCloseTo(expected, within(1e-10 * expected));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void onlyTouchedRowsMoveEachWithItsOwnStep(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 3)) {
      Table table = Table.of(subject, 5, 4, 3);
      float[] before = table.p.download();
      Adam adam = backend.adam(OPTIONS);
      StepState state = subject.scope().stepState();
      state.set(900, 1e-2); // the run's step must not matter
      table.touch(subject, new int[] {3, 1, 3}, 1);
      adam.touched(table.p, table.rows, table.m, table.v, table.steps, state);
      table.touch(subject, new int[] {1, 1, 1}, 1);
      adam.touched(table.p, table.rows, table.m, table.v, table.steps, state);
      assertThat(table.steps.download()).containsExactly(0, 2, 0, 1, 0);
      float[] after = table.p.download();
      for (int row : new int[] {0, 2, 4}) {
        for (int k = 0; k < 4; k++) {
          assertThat(after[row * 4 + k]).isEqualTo(before[row * 4 + k]);
          assertThat(table.m.download()[row * 4 + k]).isZero();
        }
      }
      for (int k = 0; k < 4; k++) { // a row's first step is η long, whatever its gradient
        assertThat((double) Math.abs(after[12 + k] - before[12 + k])).isCloseTo(1e-2, within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void tableIsDenseWithZerosWhereNothingWasTouched(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 6)) {
      int rows = 1000;
      int d = 20;
      Table table = Table.of(subject, rows, d, 50);
      Scope scope = subject.scope();
      Tensor p = subject.input(scope.floats(rows, d), table.p.download());
      Tensor m = scope.floats(rows, d);
      Tensor v = scope.floats(rows, d);
      StepState state = scope.stepState();
      state.set(4, 1e-2);
      int[] users = subject.random().ints(50, 0, rows).toArray();
      users[0] = 0;
      users[1] = rows - 1;
      table.touch(subject, users, 1);
      float[] gradient = new float[rows * d];
      int[] touched = table.rows.downloadRows();
      for (int i = 0; i < touched.length; i++) {
        System.arraycopy(table.rows.downloadGradients(), i * d, gradient, touched[i] * d, d);
      }
      Tensor g = subject.input(scope.floats(rows, d), gradient);
      Adam adam = backend.adam(OPTIONS);
      adam.table(table.p, table.rows, table.m, table.v, state);
      adam.dense(p, g, m, v, state);
      assertThat(table.p.download()).containsExactly(p.download());
      assertThat(table.m.download()).containsExactly(m.download());
      assertThat(table.v.download()).containsExactly(v.download());
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void slicesOfOneBlockAreUpdatedInPlace(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 9)) {
      Tensor block = subject.input(subject.scope().floats(1, 100), 1);
      float[] before = block.download();
      Tensor g = subject.input(subject.scope().floats(1, 60), 1);
      Tensor m = subject.scope().floats(1, 100);
      Tensor v = subject.scope().floats(1, 100);
      StepState state = subject.scope().stepState();
      state.set(1, 0.5);
      backend
          .adam(OPTIONS)
          .dense(
              block.slice(7, 5, 7), g.slice(20, 35, 1), m.slice(3, 1, 35), v.slice(0, 7, 5), state);
      float[] after = block.download();
      for (int i = 0; i < 100; i++) {
        boolean inside = i >= 7 && i < 42;
        assertThat(after[i] != before[i]).as("value %d", i).isEqualTo(inside);
        assertThat(m.download()[i] != 0).isEqualTo(i >= 3 && i < 38);
        assertThat(v.download()[i] != 0).isEqualTo(i < 35);
      }
    }
  }

  /** Stopping, keeping values, moments and counts, and going on elsewhere changes no bit. */
  @ParameterizedTest
  @MethodSource("candidates")
  void resumesFromItsMoments(Backend backend) {
    try (backend) {
      List<float[]> results = new ArrayList<>();
      for (boolean stop : new boolean[] {false, true}) {
        try (Subject subject = new Subject(backend, 10)) {
          Table table = Table.of(subject, 30, 16, 8);
          StepState state = subject.scope().stepState();
          Adam adam = backend.adam(OPTIONS);
          for (int step = 1; step <= 20; step++) {
            if (stop && step == 11) {
              Scope other = subject.scope();
              Table copy =
                  new Table(
                      subject.input(other.floats(30, 16), table.p.download()),
                      subject.input(other.floats(30, 16), table.m.download()),
                      subject.input(other.floats(30, 16), table.v.download()),
                      other.ints(30),
                      table.batch,
                      table.dU,
                      other.rowGradients(30, 16));
              copy.steps.upload(table.steps.download());
              table = copy;
              state = other.stepState();
              adam = backend.adam(OPTIONS);
            }
            state.set(step, 1e-3);
            table.touch(subject, subject.random().ints(8, 0, 30).toArray(), 1);
            adam.touched(table.p, table.rows, table.m, table.v, table.steps, state);
          }
          results.add(table.p.download());
        }
      }
      assertThat(results.get(1)).containsExactly(results.get(0));
    }
  }

  @Test
  void aRecordingReadsTheStateAndHasTheSameBitsOnAnyNumberOfThreads() {
    float[] expected = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (Backend backend = Backends.open("cpu", new BackendOptions(threads));
          Subject subject = new Subject(backend, 5)) {
        Table table = Table.of(subject, 3000, 20, 500);
        table.touch(subject, subject.random().ints(500, 0, 3000).toArray(), 1);
        StepState state = subject.scope().stepState();
        Adam adam = backend.adam(OPTIONS);
        try (Sequence sequence =
            backend.record(
                "adam",
                () -> {
                  adam.table(table.p, table.rows, table.m, table.v, state);
                  adam.touched(table.p, table.rows, table.m, table.v, table.steps, state);
                  adam.dense(table.p, table.v, table.m, table.v, state);
                })) {
          for (int step = 1; step <= 3; step++) {
            state.set(step, 1e-2 / step);
            sequence.run();
          }
        }
        float[] came = table.p.download();
        expected = expected == null ? came : expected;
        assertThat(came).containsExactly(expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapesAndAStepThatHasNotBegun(Backend backend) {
    try (backend;
        Scope scope = backend.scope("test")) {
      Adam adam = backend.adam(OPTIONS);
      StepState state = scope.stepState();
      Tensor p = scope.floats(4, 3);
      RowGradients rows = scope.rowGradients(4, 2);
      assertThatThrownBy(() -> adam.dense(p, scope.floats(3, 3), p, p, state))
          .hasMessage("adam.dense: gradient: expected fixed, 12 values, got fixed 3 x 3");
      assertThatThrownBy(() -> adam.table(p, rows, p, p, state))
          .hasMessage("adam.table: p: expected fixed rows x 2, got fixed 4 x 3");
      Tensor q = scope.floats(4, 2);
      assertThatThrownBy(() -> adam.touched(q, rows, q, q, scope.ints(3), state))
          .hasMessage("adam.touched: steps: expected 4, got 3");
      assertThatThrownBy(() -> adam.dense(p, p, scope.floats(4, 3), scope.floats(4, 3), state))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> new Adam.Options(1, 0.999, 1e-8, 0))
          .hasMessage("adam: beta1: expected in [0, 1), got 1.0");
    }
  }
}
