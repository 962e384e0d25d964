package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.cuda.CudaContextDeadException;
import io.mgnm.ops.Adam;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** adam: the CPU's bits, nothing after a failed step, and what it costs. */
@SimulatedCuda
class CudaAdamTest {
  private static final int SECTOR = 32;
  private static final Adam.Options OPTIONS = new Adam.Options(0.9, 0.999, 1e-8, 1e-2);

  private static Backend cuda() {
    return Backends.open("cuda", new BackendOptions(1));
  }

  /** A table with gradients of some rows: each history stands for one user. */
  private record Table(
      Tensor p,
      Tensor m,
      Tensor v,
      IntTensor steps,
      Batch batch,
      Tensor dU,
      RowGradients sums,
      StepState state) {

    static Table of(Subject subject, int rows, int d, int histories, int room) {
      Scope scope = subject.scope();
      Batch batch = scope.batch(new BatchShape(histories, histories, 1, 0, d, 1, 1));
      return new Table(
          subject.input(scope.floats(rows, d), 1),
          scope.floats(rows, d),
          scope.floats(rows, d),
          scope.ints(rows),
          batch,
          batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT),
          scope.rowGradients(room, d),
          scope.stepState());
    }

    void touch(Subject subject, int[] users) {
      int n = users.length;
      batch.upload(
          new Histories(
              new int[n], users, IntStream.rangeClosed(0, n).toArray(), new int[n], new int[0]));
      subject.input(dU, 1);
      subject.backend().embeddingGradient().users(batch, dU, sums);
    }

    void touched(Adam adam) {
      adam.touched(p, sums, m, v, steps, state);
    }

    void all(Adam adam) {
      adam.table(p, sums, m, v, state);
    }

    List<float[]> values() {
      return List.of(p.download(), m.download(), v.download());
    }
  }

  private static List<float[]> train(Backend backend, int rows, int d, boolean all) {
    try (Subject subject = new Subject(backend, 4)) {
      Table table = Table.of(subject, rows, d, 200, rows);
      Adam adam = backend.adam(OPTIONS);
      for (int step = 1; step <= 4; step++) {
        table.state().set(1000 * step, 1e-2);
        table.touch(subject, subject.random().ints(50 * step, 0, rows).toArray());
        if (all) {
          table.all(adam);
        } else {
          table.touched(adam);
        }
        adam.dense(table.p(), table.m(), table.m(), table.v(), table.state());
      }
      return table.values();
    }
  }

  /** Widths with one and several accesses a lane, groups that fill a warp and that do not. */
  @ParameterizedTest
  @CsvSource({"1, true", "7, false", "16, true", "16, false", "20, true", "200, false"})
  void hasTheBitsOfTheCpu(int d, boolean all) {
    try (Backend cuda = cuda();
        Backend cpu = Backends.open("cpu", new BackendOptions(1))) {
      List<float[]> expected = train(cpu, 301, d, all);
      List<float[]> came = train(cuda, 301, d, all);
      for (int i = 0; i < 3; i++) {
        assertThat(came.get(i)).containsExactly(expected.get(i));
      }
    }
  }

  @Test
  void nothingChangesAfterAFailedStep() {
    try (Backend cuda = cuda();
        Subject subject = new Subject(cuda, 1)) {
      Table table = Table.of(subject, 30, 4, 8, 30);
      Adam adam = cuda.adam(OPTIONS);
      table.touch(subject, new int[] {3, 1, 3});
      table.state().set(2, 0.1);
      List<float[]> before = table.values();
      CudaStepState state = (CudaStepState) table.state();
      long[] words = new long[8];
      ((CudaBackend) cuda).stream().download(state.words().slice(0, 8), words);
      words[1] = 2; // the step that failed
      ((CudaBackend) cuda).stream().upload(state.words().slice(0, 8), words);
      table.touched(adam);
      table.all(adam);
      adam.dense(table.p(), table.p(), table.m(), table.v(), state);
      assertThat(state.read().failedStep()).isEqualTo(2);
      assertThat(table.values()).usingRecursiveComparison().isEqualTo(before);
      assertThat(table.steps().download()).containsOnly(0);
      state.set(2, 0.1); // clears the failure
      table.touched(adam);
      assertThat(table.steps().download()).startsWith(0, 1, 0, 1, 0);
    }
  }

  /** Whoever asks too late whether there was room is stopped, rather than given sums that lack. */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void missingSumsStopTheDevice(boolean all, Machine machine) {
    try (Backend cuda = cuda();
        Subject subject = new Subject(cuda, 1)) {
      Table table = Table.of(subject, 30, 4, 8, 2);
      table.state().set(1, 0.1);
      table.touch(subject, new int[] {3, 4, 5});
      assertThatThrownBy(
              () -> {
                if (all) {
                  table.all(cuda.adam(OPTIONS));
                } else {
                  table.touched(cuda.adam(OPTIONS));
                }
                table.p().download();
              })
          .isInstanceOf(CudaContextDeadException.class);
    }
    assertThat(machine.findings().take()).isNotEmpty();
  }

  @Test
  void aRecordedUpdateBeforeTheFirstStepStopsTheDevice(Machine machine) {
    try (Backend cuda = cuda();
        Subject subject = new Subject(cuda, 1)) {
      Table table = Table.of(subject, 30, 4, 8, 30);
      Sequence sequence = cuda.record("early", () -> table.all(cuda.adam(OPTIONS)));
      assertThatThrownBy(
              () -> {
                sequence.run();
                table.p().download();
              })
          .isInstanceOf(CudaContextDeadException.class);
    }
    assertThat(machine.findings().take()).isNotEmpty();
  }

  @Test
  void oneRecordingFollowsTheBatchAndTheStep(Machine machine) {
    List<List<float[]>> results = new ArrayList<>();
    for (boolean recorded : new boolean[] {false, true}) {
      try (Backend cuda = cuda();
          Subject subject = new Subject(cuda, 9)) {
        Table table = Table.of(subject, 50, 16, 40, 40);
        Adam adam = cuda.adam(OPTIONS);
        Runnable step =
            () -> {
              cuda.embeddingGradient().users(table.batch(), table.dU(), table.sums());
              table.touched(adam);
              table.all(adam);
            };
        try (Sequence sequence = cuda.record("step", step)) {
          int t = 0;
          for (int histories : new int[] {40, 3, 0, 17}) {
            table.state().set(++t, 0.1 / t);
            table.touch(subject, subject.random().ints(histories, 0, 50).toArray());
            if (recorded) {
              sequence.run();
            } else {
              step.run();
            }
          }
        }
        results.add(table.values());
      }
    }
    assertThat(results.get(1)).usingRecursiveComparison().isEqualTo(results.get(0));
  }

  @ParameterizedTest
  @CsvSource({"8", "16", "40", "64"})
  void touchedMovesItsRowsOnce(int d, Machine machine) {
    int touched;
    try (Backend cuda = cuda();
        Subject subject = new Subject(cuda, 3)) {
      Table table = Table.of(subject, 3000, d, 1000, 1000);
      table.state().set(1, 1e-3);
      table.touch(subject, subject.random().ints(1000, 0, 3000).toArray());
      touched = table.sums().downloadRows().length;
      table.touched(cuda.adam(OPTIONS));
      table.p().download();
    }
    long values = (long) touched * d;
    LaunchReport launch = machine.launches().getLast();
    assertThat(launch.kernel()).isEqualTo("adam_touched");
    Counters counters = launch.counters();
    // A row's count of steps moves as a sector, which it may share with neighbours.
    assertMoves(counters, 28.0 * values + 12.0 * touched, 1.25);
    assertThat((double) counters.sharedConflicts()).isLessThan(0.05 * counters.sharedWavefronts());
  }

  @ParameterizedTest
  @CsvSource({"8", "16", "40", "64"})
  void tableMovesEverythingOnce(int d, Machine machine) {
    int touched;
    try (Backend cuda = cuda();
        Subject subject = new Subject(cuda, 3)) {
      Table table = Table.of(subject, 3000, d, 1000, 1000);
      table.state().set(1, 1e-3);
      table.touch(subject, subject.random().ints(1000, 0, 3000).toArray());
      touched = table.sums().downloadRows().length;
      table.all(cuda.adam(OPTIONS));
      table.p().download();
    }
    LaunchReport launch = machine.launches().getLast();
    assertThat(launch.kernel()).isEqualTo("adam_table");
    assertMoves(launch.counters(), 24.0 * 3000 * d + 4.0 * touched * (d + 1), 1.1);
  }

  @Test
  void denseMovesEverythingOnce(Machine machine) {
    int size = 30_002; // the last two are less than an access
    try (Backend cuda = cuda();
        Scope scope = cuda.scope("test")) {
      StepState state = scope.stepState();
      state.set(7, 1e-3);
      Tensor p = scope.floats(1, size);
      Tensor v = scope.floats(1, size);
      cuda.adam(OPTIONS).dense(p, scope.floats(1, size), scope.floats(1, size), v, state);
      p.download();
    }
    assertThat(machine.launches()).hasSize(1);
    assertMoves(machine.launches().getFirst().counters(), 28.0 * size, 1.02);
  }

  private static void assertMoves(Counters counters, double bytes, double times) {
    long sectors = counters.loadSectors() + counters.storeSectors();
    assertThat((double) sectors * SECTOR).isBetween(bytes * 0.999, bytes * times);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "8, 4", "16, 4", "64, 4", "200, 4"})
  void staysWithinItsRegisters(int d, int vector) {
    CompiledKernel.staysWithin(
        "adam",
        Map.of("D", d, "VECTOR", vector),
        Map.of("adam_dense", 48, "adam_touched", 72, "adam_table", 48));
  }
}
