package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.RankingLoss.Form;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code ranking_loss}, and its sums in the state, each with inputs of its own. */
final class RankingLossRow implements Row {
  private static final int STEPS_DONE = 7;

  /** A warp's lanes come back to this score, if a history has so many. */
  private static final int SECOND_TURN = 32;

  /** So far above the others that the exponential of the difference is none of float. */
  private static final float GREATEST = 100;

  @Override
  public String stem() {
    return "ranking_loss";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "total");
  }

  @Override
  public List<String> variants() {
    return List.of("a score a level", "one score", "softmax", "softmax of one score");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.candidates(subject); // many candidates where there is one score
    int scores = shape.variant() % 2 == 0 ? shape.levels() : 1;
    RankingLoss.Form form = shape.variant() < 2 ? Form.LOGISTIC : Form.SOFTMAX;
    RankingLoss loss = subject.backend().rankingLoss(new RankingLoss.Options(scores, form));
    Tensor y = Shape.input(subject, batch, Axis.CANDIDATES, scores, shape.size().scale());
    if (y.size() > 0) {
      set(y, Math.min(y.size() - 1, SECOND_TURN), GREATEST);
    }
    loss.forward(
        batch,
        y,
        Shape.output(subject, batch, "forward.loss", Axis.HISTORIES, 1),
        Shape.output(subject, batch, "forward.dY", Axis.CANDIDATES, scores));
    Tensor losses = Shape.input(subject, batch, Axis.HISTORIES, 1, 1);
    Tensor l1 = Shape.input(subject, batch, Axis.HISTORIES, 1, 1);
    StepState state = subject.scope().stepState();
    state.set(STEPS_DONE, 1e-3);
    loss.total(batch, losses, l1, state);
    results(subject, "total", state.read());
    if (y.size() > 0) {
      set(y, y.size() - 1, Float.NEGATIVE_INFINITY);
      loss.forward(batch, y, losses, y);
      loss.total(batch, losses, l1, state);
      BatchSamplingRow.begin(subject, state);
      loss.total(batch, losses, l1, state); // this one fails too, and is not the first
      Shape.results(subject, "total.failed", state.read().failedStep());
    }
  }

  private static void set(Tensor tensor, int index, float value) {
    float[] values = tensor.download();
    values[index] = value;
    tensor.upload(values);
  }

  private static void results(Subject subject, String direction, StepState.Progress progress) {
    Shape.results(subject, direction + ".sums", (float) progress.loss(), (float) progress.l1());
    Shape.results(
        subject,
        direction + ".counts",
        progress.stepsDone(),
        progress.failedStep(),
        progress.histories(),
        progress.candidates());
  }
}
