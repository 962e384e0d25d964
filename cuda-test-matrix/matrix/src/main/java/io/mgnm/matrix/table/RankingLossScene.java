package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code ranking_loss}. Without the state, whose update has no counterpart. */
final class RankingLossScene implements Scene {

  @Override
  public String stem() {
    return "ranking_loss";
  }

  @Override
  public List<Act> acts(Stage stage) {
    int b = Stage.HISTORIES;
    int c = Stage.CANDIDATES;
    int levels = Stage.LEVELS;
    Tensor y = stage.input(Axis.CANDIDATES, levels, 1);
    Tensor loss = stage.output(Axis.HISTORIES, 1);
    Tensor dY = stage.output(Axis.CANDIDATES, levels);
    Tensor l1 = stage.input(Axis.HISTORIES, 1, 1);
    StepState state = stage.scope().stepState();
    RankingLoss rankingLoss =
        stage.backend().rankingLoss(new RankingLoss.Options(levels, RankingLoss.Form.LOGISTIC));
    rankingLoss.forward(stage.batch(), y, loss, dY);
    Array scores = stage.array(y, b, 1, c, levels);
    float[] labels = new float[c];
    labels[0] = 1;
    Array label = stage.eager().of(labels, 1, 1, c, 1);
    Array losses = stage.array(loss, 1, 1, 1, b);
    Array penalties = stage.array(l1, 1, 1, 1, b);
    return List.of(
        new Act(
            "forward",
            () -> rankingLoss.forward(stage.batch(), y, loss, dY),
            List.of(y),
            List.of(),
            List.of(loss, dY),
            () -> forward(scores, label)),
        new Act(
            "total",
            () -> rankingLoss.total(stage.batch(), loss, l1, state),
            List.of(loss, l1),
            List.of(),
            List.of(),
            () -> {
              losses.sum(3);
              penalties.sum(3);
              return List.of();
            }));
  }

  private static List<float[]> forward(Array y, Array label) {
    Array each =
        y.map(Pointwise.LEAKY, 0).minus(y.times(label)).plus(y.map(Pointwise.SOFT_REST, 0));
    return List.of(each.sum(3).sum(2).download(), y.sigmoid().minus(label).download());
  }
}
