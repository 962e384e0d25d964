package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A copy has no rounding: every backend, the reference too, must give the tables' very bits. */
class EmbeddingGatherParityTest {
  private static final int ITEMS = 50;
  private static final int USERS = 20;

  static Stream<Backend> everyBackend() {
    return Stream.concat(
        TestBackends.candidatesWithCuda("embedding_gather"),
        Stream.of(new ReferenceBackend(Precision.DOUBLE)));
  }

  static Stream<Backend> hostBackends() {
    return Stream.concat(
        TestBackends.candidates(), Stream.of(new ReferenceBackend(Precision.DOUBLE)));
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void copiesTheRowsOfTheBatch(Backend backend) {
    try (backend) {
      for (int histories : new int[] {0, 1, 2, 31, 100}) {
        for (int d : new int[] {4, 7, 16, 20, 64}) {
          for (boolean record : new boolean[] {false, true}) {
            try (Subject subject = new Subject(backend, histories + d)) {
              check(subject, histories, d, record);
            }
          }
        }
      }
    }
  }

  private static void check(Subject subject, int histories, int d, boolean record) {
    int[] lengths = new int[histories];
    Arrays.setAll(lengths, b -> b == 1 ? 1000 : 1 + b * 5 % 33);
    Batch batch = subject.batch(lengths, 3, d, 2, 3);
    // Slices, so that a wrong offset shows
    Tensor all = subject.input(subject.scope().floats(ITEMS + USERS + 1, d), 1);
    Tensor items = all.slice(d, ITEMS, d);
    Tensor users = all.slice((1 + ITEMS) * d, USERS, d);
    Tensor x = subject.output("x", batch.tensor(Axis.ITEMS, d, Lifetime.KEPT));
    Tensor u = subject.output("u", batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT));
    Tensor e = subject.output("e", batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT));
    EmbeddingGather gather = subject.backend().embeddingGather();
    Runnable code = () -> gather.forward(batch, items, users, x, u, e);
    if (record) {
      try (Sequence sequence = subject.backend().record("gather", code)) {
        sequence.run();
      }
    } else {
      code.run();
    }
    Histories ids = batch.download();
    assertThat(x.download()).isEqualTo(rows(items, ids.items()));
    assertThat(u.download()).isEqualTo(rows(users, ids.users()));
    assertThat(e.download()).isEqualTo(rows(items, ids.candidates()));
  }

  private static float[] rows(Tensor table, int[] ids) {
    int d = table.width();
    float[] values = table.download();
    float[] rows = new float[ids.length * d];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = values[ids[i / d] * d + i % d];
    }
    return rows;
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void refusesOtherShapes(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Batch batch = subject.batch(new int[] {3, 2}, 2, 4, 1, 1);
      Tensor table = subject.scope().floats(ITEMS, 4);
      Tensor x = batch.tensor(Axis.ITEMS, 4, Lifetime.KEPT);
      Tensor u = batch.tensor(Axis.HISTORIES, 4, Lifetime.KEPT);
      Tensor e = batch.tensor(Axis.CANDIDATES, 4, Lifetime.KEPT);
      EmbeddingGather gather = backend.embeddingGather();
      assertThatThrownBy(() -> gather.forward(batch, table, table, u, u, e))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("embedding_gather.forward: x: expected items x 4, got histories x 4");
    }
  }

  @ParameterizedTest
  @MethodSource("hostBackends")
  void hostsRefuseIdsOutsideTheTable(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Batch batch = subject.batch(new int[] {3, 2}, 2, 4, 1, 1);
      Tensor table = subject.scope().floats(ITEMS, 4);
      Tensor x = batch.tensor(Axis.ITEMS, 4, Lifetime.KEPT);
      Tensor u = batch.tensor(Axis.HISTORIES, 4, Lifetime.KEPT);
      Tensor e = batch.tensor(Axis.CANDIDATES, 4, Lifetime.KEPT);
      EmbeddingGather gather = backend.embeddingGather();
      Tensor part = table.slice(0, 1, 4); // there is memory behind it, but not of this table
      int[] ids = {0, 0, 0, 0, 0};
      int[] candidates = {0, 0, 0, 1};
      batch.upload(new Histories(new int[2], new int[2], new int[] {0, 3, 5}, ids, candidates));
      assertThatThrownBy(() -> gather.forward(batch, part, table, x, u, e))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("Index 1 out of bounds for length 1");
    }
  }
}
