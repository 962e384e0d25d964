package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EmbeddingGradientParityTest {
  private static final int[] WIDTHS = {1, 4, 8, 16, 20, 32, 40, 64};
  private static final int[] TABLES = {1, 3, 50, 3000, 5_000_000};
  private static final int[][] LENGTHS = {
    {}, {1}, {1, 1}, {2, 15, 16, 17}, {31, 32, 33}, {63, 1, 65, 64}, {97, 100, 200, 1, 1}, {1000}
  };

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("embedding_gradient");
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      for (int l = 0; l < LENGTHS.length; l++) {
        int[] lengths = LENGTHS[l];
        // A width is a compilation: on CUDA each length has one.
        boolean cuda = backend.name().equals("cuda");
        int[] widths = cuda ? new int[] {WIDTHS[l]} : WIDTHS;
        int[] tables = cuda ? new int[] {1, 50, 5_000_000} : TABLES;
        int[] all = cuda ? new int[] {6 * (l % 2)} : new int[] {0, 6};
        for (int d : widths) {
          for (int table : tables) {
            for (int candidates : all) {
              List<int[]> rows = new ArrayList<>();
              Parity.check(
                  "embedding_gradient %s, d %d, table of %d, %d candidates"
                      .formatted(Arrays.toString(lengths), d, table, candidates),
                  backend,
                  d + table,
                  subject -> rows.addAll(run(subject, lengths, candidates, d, table)));
              // Truth, naive and candidate have been run, each over items and users.
              assertThat(rows.get(4))
                  .containsExactly(rows.get(0))
                  .isSorted()
                  .doesNotHaveDuplicates();
              assertThat(rows.get(5))
                  .containsExactly(rows.get(1))
                  .isSorted()
                  .doesNotHaveDuplicates();
            }
          }
        }
      }
    }
  }

  private static List<int[]> run(Subject subject, int[] lengths, int candidates, int d, int table) {
    Batch batch = batch(subject, lengths, candidates, d, table);
    Tensor dX = subject.input(batch.tensor(Axis.ITEMS, d, Lifetime.KEPT), 1);
    Tensor dE = subject.input(batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT), 1);
    Tensor dU = subject.input(batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT), 1);
    int room = Math.min(table, dX.rows() + dE.rows());
    RowGradients items = subject.scope().rowGradients(room, d);
    RowGradients users = subject.scope().rowGradients(Math.min(table, lengths.length), d);
    EmbeddingGradient gradient = subject.backend().embeddingGradient();
    gradient.items(batch, dX, dE, items);
    gradient.users(batch, dU, users);
    keep(subject, "items", items);
    keep(subject, "users", users);
    return List.of(items.downloadRows(), users.downloadRows());
  }

  private static Batch batch(Subject subject, int[] lengths, int candidates, int d, int table) {
    Batch batch = subject.batch(lengths, candidates, d, 2, 2);
    Histories old = batch.download();
    batch.upload(
        new Histories(
            old.samples(),
            subject.random().ints(lengths.length, 0, table).toArray(),
            old.offsets(),
            subject.random().ints(old.items().length, 0, table).toArray(),
            subject.random().ints(old.candidates().length, 0, table).toArray()));
    return batch;
  }

  private static void keep(Subject subject, String name, RowGradients rows) {
    float[] sums = rows.downloadGradients();
    assertThat(sums).hasSize(rows.downloadRows().length * rows.width());
    subject.output(name, subject.scope().floats(1, sums.length)).upload(sums);
  }

  /** Chosen so that another order of additions gives another float. */
  @ParameterizedTest
  @MethodSource("candidates")
  void addsHistoriesFirstThenCandidatesInTheirOrder(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Scope scope = subject.scope();
      Batch batch = scope.batch(new BatchShape(2, 4, 3, 2, 1, 1, 1));
      batch.upload(
          new Histories(
              new int[2],
              new int[] {3, 3},
              new int[] {0, 1, 4},
              new int[] {7, 7, 9, 7},
              new int[] {7, 2, 9, 7}));
      Tensor dX = batch.tensor(Axis.ITEMS, 1, Lifetime.KEPT);
      Tensor dE = batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT);
      Tensor dU = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      dX.upload(new float[] {1, 1e8f, 5, -1e8f});
      dE.upload(new float[] {0.25f, 4, 1, 1e-9f});
      dU.upload(new float[] {2, 3});
      RowGradients rows = scope.rowGradients(10, 1);
      backend.embeddingGradient().items(batch, dX, dE, rows);
      assertThat(rows.downloadRows()).containsExactly(2, 7, 9);
      // 1 + 1e8 loses the 1; then − 1e8 gives 0, + 0.25, + 1e-9 is lost.
      assertThat(rows.downloadGradients()).containsExactly(4, 0.25f, 6);
      backend.embeddingGradient().users(batch, dU, rows);
      assertThat(rows.downloadRows()).containsExactly(3);
      assertThat(rows.downloadGradients()).containsExactly(5);
    }
  }

  @Test
  void aRecordingFollowsTheBatchWithTheSameBitsOnAnyNumberOfThreads() {
    int[] lengths = IntStream.range(0, 120).map(i -> 1 + i % 40).toArray();
    float[] expected = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (Backend backend = Backends.open("cpu", new BackendOptions(threads));
          Subject subject = new Subject(backend, 4)) {
        Batch batch = batch(subject, lengths, 5, 20, 300);
        Tensor dX = subject.input(batch.tensor(Axis.ITEMS, 20, Lifetime.KEPT), 1);
        Tensor dE = subject.input(batch.tensor(Axis.CANDIDATES, 20, Lifetime.KEPT), 1);
        RowGradients rows = subject.scope().rowGradients(300, 20);
        EmbeddingGradient gradient = backend.embeddingGradient();
        try (Sequence sequence =
            backend.record("sums", () -> gradient.items(batch, dX, dE, rows))) {
          sequence.run();
          float[] sums = rows.downloadGradients();
          expected = expected == null ? sums : expected;
          assertThat(sums).containsExactly(expected);
          batch.upload(
              new Histories(new int[1], new int[1], new int[] {0, 1}, new int[1], new int[5]));
          sequence.run();
          assertThat(rows.downloadRows()).containsExactly(0);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherWidthsAndTooLittleRoom(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 4)) {
      Batch batch = batch(subject, new int[] {40}, 2, 4, 1000);
      Tensor dX = subject.input(batch.tensor(Axis.ITEMS, 4, Lifetime.KEPT), 1);
      Tensor dE = subject.input(batch.tensor(Axis.CANDIDATES, 4, Lifetime.KEPT), 1);
      EmbeddingGradient gradient = backend.embeddingGradient();
      RowGradients wide = subject.scope().rowGradients(100, 5);
      assertThatThrownBy(() -> gradient.items(batch, dX, dE, wide))
          .hasMessage("embedding_gradient.items: dX: expected items x 5, got items x 4");
      assertThatThrownBy(() -> gradient.users(batch, dX, subject.scope().rowGradients(9, 4)))
          .hasMessage("embedding_gradient.users: dU: expected histories x 4, got items x 4");
      RowGradients few = subject.scope().rowGradients(9, 4);
      assertThatThrownBy(
              () -> {
                gradient.items(batch, dX, dE, few);
                few.downloadRows(); // a device says so not before it is asked
              })
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("embedding_gradient: more distinct rows than the room for 9");
      Tensor local = batch.tensor(Axis.ITEMS, 4, Lifetime.LOCAL);
      RowGradients rows = subject.scope().rowGradients(100, 4);
      assertThatThrownBy(
              () -> backend.record("local", () -> gradient.items(batch, local, dE, rows)))
          .hasMessageContaining("dX must be KEPT");
    }
  }

  @Test
  void theReferenceRefusesTooLittleRoomAsWell() {
    try (Subject subject = new Subject(new ReferenceBackend(Precision.DOUBLE), 4)) {
      Batch batch = batch(subject, new int[] {40}, 2, 4, 1000);
      Tensor dX = batch.tensor(Axis.ITEMS, 4, Lifetime.KEPT);
      Tensor dE = batch.tensor(Axis.CANDIDATES, 4, Lifetime.KEPT);
      RowGradients rows = subject.scope().rowGradients(9, 4);
      assertThatThrownBy(() -> subject.backend().embeddingGradient().items(batch, dX, dE, rows))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  /** ⟨dX, gathered rows⟩ = ⟨sums, table⟩: the transpose of a gather. */
  @Test
  void theReferenceIsTheTransposeOfGathering() {
    try (Subject subject = new Subject(new ReferenceBackend(Precision.DOUBLE), 8)) {
      int d = 3;
      Batch batch = batch(subject, new int[] {4, 1, 7}, 3, d, 6);
      Tensor dX = subject.input(batch.tensor(Axis.ITEMS, d, Lifetime.KEPT), 1);
      Tensor dE = subject.input(batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT), 1);
      float[] table = subject.input(subject.scope().floats(6, d), 1).download();
      RowGradients rows = subject.scope().rowGradients(6, d);
      subject.backend().embeddingGradient().items(batch, dX, dE, rows);
      double gathered =
          along(dX, batch.download().items(), table, d)
              + along(dE, batch.download().candidates(), table, d);
      double summed = 0;
      float[] sums = rows.downloadGradients();
      for (int r = 0; r < rows.downloadRows().length; r++) {
        for (int k = 0; k < d; k++) {
          summed += (double) sums[r * d + k] * table[rows.downloadRows()[r] * d + k];
        }
      }
      assertThat(Math.abs(summed - gathered)).isLessThan(1e-5);
    }
  }

  private static double along(Tensor gradient, int[] ids, float[] table, int d) {
    float[] values = gradient.download();
    double sum = 0;
    for (int t = 0; t < ids.length; t++) {
      for (int k = 0; k < d; k++) {
        sum += (double) values[t * d + k] * table[ids[t] * d + k];
      }
    }
    return sum;
  }
}
