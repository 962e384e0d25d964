package io.mgnm.matrix.table;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BatchSampling.Options;
import io.mgnm.ops.BatchSampling.Samples;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code batch_sampling}, uniform negatives. No operators beside what it draws: a counter-based
 * generator's integers are no arithmetic of arrays.
 */
final class BatchSamplingScene implements Scene {
  private static final int EVENTS = Stage.ITEMS + 1; // of a user; the last one is a target
  private static final long SEED = 5;

  @Override
  public String stem() {
    return "batch_sampling";
  }

  @Override
  public List<Act> acts(Stage stage) {
    BatchSampling sampling = stage.backend().batchSampling(new Options(SEED, false));
    StepState state = stage.scope().stepState();
    Batch batch = stage.batch();
    Samples samples =
        new Samples(
            ints(stage, stage.draw(Stage.USERS * EVENTS, Stage.CATALOGUE)),
            ints(stage, IntStream.rangeClosed(0, Stage.USERS).map(u -> u * EVENTS).toArray()),
            ints(stage, IntStream.range(0, Stage.USERS).toArray()),
            ints(
                stage, IntStream.range(0, Stage.USERS).map(u -> u * EVENTS + EVENTS - 1).toArray()),
            ints(stage, IntStream.range(0, Stage.CATALOGUE).toArray()),
            ints(stage, new int[0]),
            stage.scope().floats(0, 1));
    Tensor logQ = stage.subject().input(stage.scope().floats(Stage.CATALOGUE, 1), 1);
    Tensor scores = stage.input(Axis.CANDIDATES, Stage.LEVELS, 1);
    Array table = stage.array(logQ, Stage.CATALOGUE, 1);
    Array unfused = stage.array(scores, Stage.HISTORIES * Stage.CANDIDATES, Stage.LEVELS);
    DeviceBuffer ids = stage.eager().ints(batch.download().candidates());
    Tensor logits = stage.outputCapsules(Axis.ITEMS, 1);
    return List.of(
        new Act("draw", () -> sampling.draw(samples, state, batch), drawn(), 0, List::of, null),
        logits("training_logits", () -> sampling.trainingLogits(state, batch, logits), logits),
        logits("scoring_logits", () -> sampling.scoringLogits(batch, logits), logits),
        logits("zero_logits", () -> sampling.zeroLogits(batch, logits), logits),
        new Act(
            "correct",
            () -> sampling.correct(batch, logQ, scores),
            corrected(),
            0,
            List::of, // other ones each time
            () -> {
              unfused.minus(stage.eager().gather(table, ids));
              return List.of();
            }));
  }

  private static Act logits(String direction, Runnable draw, Tensor logits) {
    return new Act(direction, draw, List.of(), List.of(), List.of(logits), null);
  }

  /** In and out: items, candidates; of a history its sample, user, target, events, and offset. */
  private static long drawn() {
    long in = Stage.ITEMS + Stage.CANDIDATES + 4;
    long out = Stage.ITEMS + Stage.CANDIDATES + 3;
    return 4 * Stage.HISTORIES * (in + out);
  }

  /** Scores in and out; of a candidate its id and the id's value. */
  private static long corrected() {
    return 4L * Stage.HISTORIES * Stage.CANDIDATES * (2 * Stage.LEVELS + 2);
  }

  private static IntTensor ints(Stage stage, int[] values) {
    IntTensor tensor = stage.scope().ints(values.length);
    tensor.upload(values);
    return tensor;
  }
}
