package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Copies have no rounding: what is put together from parts has the very bits of the whole. */
class BatchPartsParityTest {
  private static final int CANDIDATES = 3;

  static Stream<Backend> everyBackend() {
    return Stream.concat(
        TestBackends.candidatesWithCuda("batch_parts"),
        Stream.of(new ReferenceBackend(Precision.DOUBLE)));
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void partsHoldTheHistoriesOneAfterAnother(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      BatchParts parts = backend.batchParts();
      for (int histories : new int[] {0, 1, 31, 70}) {
        Batch whole = subject.batch(lengths(histories), CANDIDATES, 4, 1, 1);
        Histories all = whole.download();
        for (int capacity : new int[] {1, 7, 35, 100}) {
          Batch part = part(subject, whole, capacity);
          for (int i = 0; i * capacity < histories + capacity; i++) { // one part is empty
            parts.take(whole, i, part);
            Histories came = part.download();
            int first = Math.min(i * capacity, histories);
            int end = Math.min(first + capacity, histories);
            int begin = all.offsets()[first];
            assertThat(came.samples()).isEqualTo(Arrays.copyOfRange(all.samples(), first, end));
            assertThat(came.users()).isEqualTo(Arrays.copyOfRange(all.users(), first, end));
            assertThat(came.offsets())
                .isEqualTo(
                    IntStream.rangeClosed(first, end).map(h -> all.offsets()[h] - begin).toArray());
            assertThat(came.items())
                .isEqualTo(Arrays.copyOfRange(all.items(), begin, all.offsets()[end]));
            assertThat(came.candidates())
                .isEqualTo(
                    Arrays.copyOfRange(all.candidates(), first * CANDIDATES, end * CANDIDATES));
          }
        }
      }
    }
  }

  /** Rows that an operation makes part by part are those that it makes of the whole. */
  @ParameterizedTest
  @MethodSource("everyBackend")
  void rowsArePutWhereTheyStandInTheWhole(Backend backend) {
    try (backend) {
      for (int d : new int[] {4, 7}) {
        for (boolean record : new boolean[] {false, true}) {
          try (Subject subject = new Subject(backend, d)) {
            putsTogether(subject, d, record);
          }
        }
      }
    }
  }

  private static void putsTogether(Subject subject, int d, boolean record) {
    Backend backend = subject.backend();
    int histories = 40;
    Batch whole = subject.batch(lengths(histories), CANDIDATES, d, 1, 1);
    Batch part = part(subject, whole, 16);
    Tensor items = subject.input(subject.scope().floats(50, d), 1);
    Tensor users = subject.input(subject.scope().floats(20, d), 1);
    List<Tensor> rows = rows(part, d);
    List<Tensor> came = rows(whole, d);
    List<Tensor> expected = rows(whole, d);
    EmbeddingGather gather = backend.embeddingGather();
    BatchParts parts = backend.batchParts();
    Runnable code =
        () -> {
          for (int i = 0; i < 3; i++) {
            parts.take(whole, i, part);
            gather.forward(part, items, users, rows.get(0), rows.get(1), rows.get(2));
            for (int r = 0; r < rows.size(); r++) {
              parts.put(whole, i, part, rows.get(r), came.get(r));
            }
          }
        };
    // The second batch has fewer histories: the last part is empty, and one in the middle not full.
    Histories all = whole.download();
    Histories few = first(all, 19);
    try (Sequence sequence = record ? backend.record("parts", code) : null) {
      for (Histories batch : List.of(all, few)) {
        whole.upload(batch);
        for (Tensor tensor : came) {
          float[] poison = new float[tensor.size()];
          Arrays.fill(poison, Float.NaN);
          tensor.upload(poison);
        }
        if (record) {
          sequence.run();
        } else {
          code.run();
        }
        gather.forward(whole, items, users, expected.get(0), expected.get(1), expected.get(2));
        for (int r = 0; r < came.size(); r++) {
          assertThat(came.get(r).download()).isEqualTo(expected.get(r).download());
        }
      }
    }
  }

  private static List<Tensor> rows(Batch batch, int d) {
    return Stream.of(Axis.ITEMS, Axis.HISTORIES, Axis.CANDIDATES)
        .map(axis -> batch.tensor(axis, d, Lifetime.KEPT))
        .toList();
  }

  private static Histories first(Histories all, int count) {
    int items = all.offsets()[count];
    return new Histories(
        Arrays.copyOf(all.samples(), count),
        Arrays.copyOf(all.users(), count),
        Arrays.copyOf(all.offsets(), count + 1),
        Arrays.copyOf(all.items(), items),
        Arrays.copyOf(all.candidates(), count * CANDIDATES));
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void sumsAreAddedInTheOrderOfTheParts(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      int size = 1001;
      Tensor around = subject.input(subject.scope().floats(1, size + 2), 1);
      Tensor total = around.slice(1, 1, size);
      float[] guards = around.download();
      BatchParts parts = backend.batchParts();
      float[] expected = new float[size];
      for (int i = 0; i < 3; i++) {
        Tensor sum = subject.input(subject.scope().floats(1, size), 1);
        parts.add(i, sum, total);
        float[] added = sum.download();
        for (int k = 0; k < size; k++) {
          expected[k] = i == 0 ? added[k] : expected[k] + added[k];
        }
      }
      if (backend.name().equals("reference")) {
        assertThat(total.download()).containsExactly(expected, offset());
      } else {
        assertThat(total.download()).isEqualTo(expected);
      }
      float[] after = around.download();
      assertThat(after[0]).isEqualTo(guards[0]);
      assertThat(after[size + 1]).isEqualTo(guards[size + 1]);
    }
  }

  private static org.assertj.core.data.Offset<Float> offset() {
    return org.assertj.core.data.Offset.offset(1e-6f); // rounded once, not at every addition
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void refusesWhatDoesNotFit(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Batch whole = subject.batch(new int[] {3, 2, 2}, CANDIDATES, 4, 1, 1);
      Batch other = subject.batch(new int[] {3, 2}, 2, 4, 1, 1);
      BatchParts parts = backend.batchParts();
      assertThatThrownBy(() -> parts.take(whole, 0, other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("batch_parts.take: candidates: expected 3, got 2");
      Batch part = part(subject, whole, 2);
      assertThatThrownBy(() -> parts.take(whole, -1, part))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("got part -1 of 2");
      Tensor u = part.tensor(Axis.HISTORIES, 4, Lifetime.KEPT);
      Tensor x = whole.tensor(Axis.ITEMS, 4, Lifetime.KEPT);
      assertThatThrownBy(() -> parts.put(whole, 0, part, u, x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("batch_parts.put: into: expected histories x 4, got items x 4");
      Tensor few = subject.scope().floats(1, 4);
      Tensor many = subject.scope().floats(1, 5);
      assertThatThrownBy(() -> parts.add(0, few, many))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("batch_parts.add: total: expected fixed, 4 values, got fixed 1 x 5");
    }
  }

  private static int[] lengths(int histories) {
    return IntStream.range(0, histories).map(h -> h == 1 ? 300 : 1 + h * 5 % 33).toArray();
  }

  private static Batch part(Subject subject, Batch whole, int histories) {
    BatchShape shape = whole.shape();
    return subject
        .scope()
        .batch(
            new BatchShape(
                histories,
                Math.min(shape.items(), histories * shape.maxLength()),
                shape.maxLength(),
                shape.candidates(),
                shape.d(),
                shape.levels(),
                shape.interests()));
  }
}
