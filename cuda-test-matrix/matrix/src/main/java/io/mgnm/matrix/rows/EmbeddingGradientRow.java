package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.EmbeddingGradient;
import io.mgnm.ops.Histories;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/**
 * {@code embedding_gradient}, for tables so small that all ids repeat, and so large that few do,
 * and for a batch that has become empty.
 */
final class EmbeddingGradientRow implements Row {
  private static final int[] TABLES = {50, 3000, 2, 5_000_000};
  private static final int[] NONE = {};

  @Override
  public String stem() {
    return "embedding_gradient";
  }

  @Override
  public List<String> directions() {
    return List.of("items", "users");
  }

  @Override
  public List<String> variants() {
    return java.util.Arrays.stream(TABLES).mapToObj(rows -> "table of " + rows).toList();
  }

  /**
   * As in real data, one id is above all others: a block has more of it than a small sort takes.
   */
  private static int id(Subject subject, int table) {
    int id = subject.random().nextInt(table);
    return id % 3 == 0 ? id : table / 2;
  }

  @Override
  public void run(Subject subject, Shape shape) {
    int table = TABLES[shape.variant()];
    int d = shape.d();
    Batch batch = shape.batch(subject, () -> id(subject, table));
    Tensor dX = Shape.input(subject, batch, Axis.ITEMS, d, 1);
    Tensor dE = Shape.input(subject, batch, Axis.CANDIDATES, d, 1);
    Tensor dU = Shape.input(subject, batch, Axis.HISTORIES, d, 1);
    RowGradients items = subject.scope().rowGradients(Math.min(table, dX.rows() + dE.rows()), d);
    RowGradients users = subject.scope().rowGradients(Math.min(table, dU.rows()), d);
    EmbeddingGradient gradient = subject.backend().embeddingGradient();
    gradient.items(batch, dX, dE, items);
    gradient.users(batch, dU, users);
    Shape.results(subject, "items.rows", Shape.floats(items.downloadRows()));
    Shape.results(subject, "items.sums", items.downloadGradients());
    Shape.results(subject, "users.rows", Shape.floats(users.downloadRows()));
    Shape.results(subject, "users.sums", users.downloadGradients());
    batch.upload(new Histories(NONE, NONE, new int[] {0}, NONE, NONE));
    gradient.items(batch, dX, dE, items);
    Shape.results(subject, "items.emptied", Shape.floats(items.downloadRows()));
  }
}
