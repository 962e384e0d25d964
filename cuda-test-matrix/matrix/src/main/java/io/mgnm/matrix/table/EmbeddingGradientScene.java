package io.mgnm.matrix.table;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Axis;
import io.mgnm.ops.EmbeddingGradient;
import io.mgnm.ops.Histories;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code embedding_gradient}. Unfused it is what libraries do: zeros of the table's size, to which
 * the rows are added in whatever order they come.
 */
final class EmbeddingGradientScene implements Scene {
  private static final int D = Stage.D;

  @Override
  public String stem() {
    return "embedding_gradient";
  }

  @Override
  public List<Act> acts(Stage stage) {
    Tensor dX = stage.input(Axis.ITEMS, D, 1);
    Tensor dE = stage.input(Axis.CANDIDATES, D, 1);
    Tensor dU = stage.input(Axis.HISTORIES, D, 1);
    RowGradients items = stage.scope().rowGradients(dX.rows() + dE.rows(), D);
    RowGradients users = stage.scope().rowGradients(dU.rows(), D);
    Histories ids = stage.batch().download();
    Eager eager = stage.eager();
    DeviceBuffer itemIds = eager.ints(ids.items());
    DeviceBuffer candidateIds = eager.ints(ids.candidates());
    DeviceBuffer userIds = eager.ints(ids.users());
    Array ofItems = stage.array(dX, dX.rows(), D);
    Array ofCandidates = stage.array(dE, dE.rows(), D);
    Array ofUsers = stage.array(dU, dU.rows(), D);
    EmbeddingGradient gradient = stage.backend().embeddingGradient();
    IntStream both = IntStream.concat(IntStream.of(ids.items()), IntStream.of(ids.candidates()));
    return List.of(
        new Act(
            "items",
            () -> gradient.items(stage.batch(), dX, dE, items),
            moved(both, List.of(dX, dE)),
            0,
            () -> List.of(table(items, Stage.CATALOGUE)),
            () -> {
              Array sums = eager.filled(0, Stage.CATALOGUE, D);
              eager.scatterAdd(sums, ofItems, itemIds);
              eager.scatterAdd(sums, ofCandidates, candidateIds);
              return List.of(sums.download());
            }),
        new Act(
            "users",
            () -> gradient.users(stage.batch(), dU, users),
            moved(IntStream.of(ids.users()), List.of(dU)),
            0,
            () -> List.of(table(users, Stage.USERS)),
            () -> {
              Array sums = eager.filled(0, Stage.USERS, D);
              eager.scatterAdd(sums, ofUsers, userIds);
              return List.of(sums.download());
            }));
  }

  /** An id for each row in; a row and its id for each distinct one out. */
  private static long moved(IntStream ids, List<Tensor> gradients) {
    long in = gradients.stream().mapToLong(tensor -> 4L * tensor.rows()).sum();
    return in + Act.bytes(gradients) + ids.distinct().count() * 4 * (D + 1);
  }

  /** All rows of the table, those that were not touched zero. */
  private static float[] table(RowGradients gradients, int size) {
    float[] table = new float[size * D];
    int[] rows = gradients.downloadRows();
    float[] sums = gradients.downloadGradients();
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(sums, i * D, table, rows[i] * D, D);
    }
    return table;
  }
}
