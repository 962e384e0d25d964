package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BatchSampling.Options;
import io.mgnm.ops.BatchSampling.Samples;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;
import java.util.stream.IntStream;

/** {@code batch_sampling}: drawn batches, integer for integer, logits and scores of given ones. */
final class BatchSamplingRow implements Row {
  private static final int USERS = 60;
  private static final int ITEMS = 50;
  private static final int MOST_EVENTS = 40; // of a user
  private static final int MOST_HISTORIES = 1000;
  private static final int MAX_LENGTH = 10;
  private static final int CANDIDATES = 4;
  private static final double RECENCY = 0.3; // with an odd variant
  private static final long STEP = (1L << 32) * 3 + 5; // a late one: all bits count

  @Override
  public String stem() {
    return "batch_sampling";
  }

  @Override
  public List<String> directions() {
    return List.of("draw", "training_logits", "scoring_logits", "zero_logits", "correct");
  }

  @Override
  public List<String> variants() {
    return List.of("uniform", "by popularity, recency", "by popularity, half the catalogue");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    double recency = shape.variant() % 2 == 1 ? RECENCY : 0;
    Options options = new Options(shape.seed(stem()) << 8, shape.variant() > 0, recency);
    BatchSampling sampling = subject.backend().batchSampling(options);
    StepState state = subject.scope().stepState();
    draw(subject, shape, sampling, state);
    Batch batch = shape.batch(subject);
    sampling.trainingLogits(state, batch, logits(subject, batch, "training_logits.g"));
    sampling.scoringLogits(batch, logits(subject, batch, "scoring_logits.g"));
    sampling.zeroLogits(batch, logits(subject, batch, "zero_logits.g"));
    correct(subject, shape, sampling);
  }

  private static void correct(Subject subject, Shape shape, BatchSampling sampling) {
    Batch batch = shape.candidates(subject);
    Tensor logQ = subject.input(subject.scope().floats(ITEMS, 1), 1);
    Tensor y = Shape.output(subject, batch, "correct.y", Axis.CANDIDATES, shape.levels());
    sampling.correct(batch, logQ, subject.input(y, shape.size().scale()));
  }

  private static Tensor logits(Subject subject, Batch batch, String name) {
    return Shape.outputCapsules(subject, batch, name, Axis.ITEMS, 1);
  }

  /** Begins a step, as a training does: with the draw of a batch, here of one history. */
  static void begin(Subject subject, StepState state) {
    BatchShape shape = new BatchShape(1, MAX_LENGTH, MAX_LENGTH, CANDIDATES, 1, 1, 1);
    subject
        .backend()
        .batchSampling(new Options(1, false, 0))
        .draw(samples(subject, 0), state, subject.scope().batch(shape));
  }

  /** The last batch of an epoch, the first of the next one, and a late one. */
  private static void draw(Subject subject, Shape shape, BatchSampling sampling, StepState state) {
    int histories = Math.clamp(shape.size().n(), 1, MOST_HISTORIES);
    Batch batch =
        subject
            .scope()
            .batch(
                new BatchShape(
                    histories,
                    histories * MAX_LENGTH,
                    MAX_LENGTH,
                    CANDIDATES,
                    shape.d(),
                    shape.levels(),
                    shape.interests()));
    Samples samples = samples(subject, shape.variant());
    long last = Math.ceilDiv(samples.count(), histories) - 1;
    for (long step : new long[] {last, last + 1, STEP}) {
      state.set(step, 1e-3);
      sampling.draw(samples, state, batch);
      Histories drawn = batch.download();
      String name = "draw.step " + step + " ";
      Shape.results(subject, name + "samples", Shape.floats(drawn.samples()));
      Shape.results(subject, name + "users", Shape.floats(drawn.users()));
      Shape.results(subject, name + "offsets", Shape.floats(drawn.offsets()));
      Shape.results(subject, name + "items", Shape.floats(drawn.items()));
      Shape.results(subject, name + "candidates", Shape.floats(drawn.candidates()));
    }
  }

  /** Users with 2 events or more; every event but a user's first is a target. */
  private static Samples samples(Subject subject, int variant) {
    int[] offsets = new int[USERS + 1];
    for (int u = 0; u < USERS; u++) {
      offsets[u + 1] = offsets[u] + 2 + subject.random().nextInt(MOST_EVENTS - 1);
    }
    int[] events = subject.random().ints(offsets[USERS], 0, ITEMS).toArray();
    int[] targets =
        IntStream.range(0, events.length)
            .filter(event -> java.util.Arrays.binarySearch(offsets, event) < 0)
            .toArray();
    int[] users =
        IntStream.of(targets)
            .map(event -> -java.util.Arrays.binarySearch(offsets, event) - 2)
            .toArray();
    int[] catalogue =
        IntStream.range(0, ITEMS).filter(item -> variant < 2 || item % 2 == 1).toArray();
    int[] weights =
        variant == 0
            ? new int[0]
            : Samples.thresholds(IntStream.of(catalogue).mapToDouble(item -> item % 7).toArray());
    return new Samples(
        ints(subject, events),
        ints(subject, offsets),
        ints(subject, users),
        ints(subject, targets),
        ints(subject, catalogue),
        ints(subject, weights),
        subject.scope().floats(0, 1));
  }

  private static IntTensor ints(Subject subject, int[] values) {
    IntTensor tensor = subject.scope().ints(values.length);
    tensor.upload(values);
    return tensor;
  }
}
