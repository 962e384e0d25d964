package io.mgnm.matrix.table;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code embedding_gather}. */
final class EmbeddingGatherScene implements Scene {

  @Override
  public String stem() {
    return "embedding_gather";
  }

  @Override
  public List<Act> acts(Stage stage) {
    int d = Stage.D;
    Tensor items = stage.weights(Stage.CATALOGUE, d);
    Tensor users = stage.weights(Stage.USERS, d);
    Tensor x = stage.output(Axis.ITEMS, d);
    Tensor u = stage.output(Axis.HISTORIES, d);
    Tensor e = stage.output(Axis.CANDIDATES, d);
    Histories ids = stage.batch().download();
    Eager eager = stage.eager();
    Array itemTable = stage.array(items, Stage.CATALOGUE, d);
    Array userTable = stage.array(users, Stage.USERS, d);
    DeviceBuffer itemIds = eager.ints(ids.items());
    DeviceBuffer userIds = eager.ints(ids.users());
    DeviceBuffer candidateIds = eager.ints(ids.candidates());
    return List.of(
        new Act(
            "forward",
            () -> stage.backend().embeddingGather().forward(stage.batch(), items, users, x, u, e),
            List.of(x, u, e), // as many values of the tables
            List.of(),
            List.of(x, u, e),
            () ->
                List.of(
                    eager.gather(itemTable, itemIds).download(),
                    eager.gather(userTable, userIds).download(),
                    eager.gather(itemTable, candidateIds).download())));
  }
}
