package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Feistel;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Philox;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TruncatedNormal;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Every draw by itself: its counter, its word, its meaning. */
final class ReferenceBatchSampling implements BatchSampling {
  private final ReferenceBackend backend;
  private final Options options;
  private final int[] words = new int[4];

  ReferenceBatchSampling(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void draw(Samples samples, StepState stepState, Batch toFill) {
    BatchSampling.checkDraw(options, samples, toFill);
    ReferenceStepState state = ReferenceStepState.of(stepState);
    ReferenceBatch batch = ReferenceBatch.of(toFill);
    int[] events = ReferenceInts.of(samples.events());
    int[] userOffsets = ReferenceInts.of(samples.userOffsets());
    int[] sampleUsers = ReferenceInts.of(samples.sampleUsers());
    int[] sampleEvents = ReferenceInts.of(samples.sampleEvents());
    int[] catalogue = ReferenceInts.of(samples.catalogue());
    int[] weights = ReferenceInts.of(samples.weights());
    int n = samples.count();
    int capacity = batch.shape().histories();
    int candidates = batch.shape().candidates();
    Feistel order = new Feistel(n);
    backend.run(
        () -> {
          long step = state.step;
          long batches = (n + (long) capacity - 1) / capacity; // ⌈n/B⌉
          order.key(options.seed(), Philox.EPOCH_ORDER, (int) (step / batches));
          int first = (int) (step % batches) * capacity;
          int[] drawn = IntStream.range(first, end(first, capacity, n)).map(order::apply).toArray();
          int[] users = Arrays.stream(drawn).map(sample -> sampleUsers[sample]).toArray();
          int[] offsets = new int[drawn.length + 1];
          int[] items = new int[0];
          int[] all = new int[drawn.length * candidates];
          for (int b = 0; b < drawn.length; b++) {
            int event = sampleEvents[drawn[b]];
            int from = Math.max(userOffsets[users[b]], event - batch.shape().maxLength());
            int[] history = Arrays.copyOfRange(events, from, event);
            offsets[b + 1] = offsets[b] + history.length;
            items = IntStream.concat(Arrays.stream(items), Arrays.stream(history)).toArray();
            int target = events[event];
            all[b * candidates] = target;
            for (int j = 0; j < candidates - 1; j++) {
              all[b * candidates + 1 + j] =
                  negative((int) step, drawn[b], j, target, history, catalogue, weights);
            }
          }
          batch.upload(new Histories(drawn, users, offsets, items, all));
          state.step = step + 1;
        });
  }

  private static int end(int first, int capacity, int n) {
    return (int) Math.min((long) first + capacity, n);
  }

  private int negative(
      int step, int sample, int j, int target, int[] history, int[] catalogue, int[] weights) {
    int item = -1;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int index = j * (ATTEMPTS / 4) + attempt / 4;
      Philox.words(options.seed(), Philox.TRAINING_NEGATIVE, step, sample, index, words);
      int word = words[attempt % 4];
      item = catalogue[options.byPopularity() ? popular(word, weights) : uniform(word, catalogue)];
      int candidate = item;
      if (item != target && Arrays.stream(history).noneMatch(seen -> seen == candidate)) {
        return item;
      }
    }
    return item;
  }

  private static int uniform(int word, int[] catalogue) {
    return Philox.bounded(word, catalogue.length);
  }

  /** The first entry whose threshold is above the word. */
  private static int popular(int word, int[] weights) {
    int entry = 0;
    while (entry < weights.length - 1 && Integer.compareUnsigned(word, weights[entry]) >= 0) {
      entry++;
    }
    return entry;
  }

  @Override
  public void trainingLogits(StepState stepState, Batch batch, Tensor logits) {
    BatchSampling.checkLogits("trainingLogits", logits);
    ReferenceStepState state = ReferenceStepState.of(stepState);
    eachLogit(
        batch,
        logits,
        (sample, i) -> normal(Philox.TRAINING_LOGIT, (int) (state.step - 1), sample, i));
  }

  @Override
  public void scoringLogits(Batch batch, Tensor logits) {
    BatchSampling.checkLogits("scoringLogits", logits);
    eachLogit(batch, logits, (sample, i) -> normal(Philox.SCORING_LOGIT, 0, 0, i));
  }

  @Override
  public void zeroLogits(Batch batch, Tensor logits) {
    BatchSampling.checkLogits("zeroLogits", logits);
    eachLogit(batch, logits, (sample, i) -> 0);
  }

  @Override
  public void correct(Batch over, Tensor logQ, Tensor scores) {
    BatchSampling.checkCorrect(logQ, scores);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor table = ReferenceTensor.of(logQ);
    ReferenceTensor y = ReferenceTensor.of(scores);
    backend.run(
        () -> {
          int[] items = batch.histories().candidates();
          for (int c = 0; c < items.length; c++) {
            for (int s = 0; s < y.width(); s++) {
              y.add(c, s, -table.get(items[c], 0));
            }
          }
        });
  }

  /** Logit i of a history, by the contract's table. */
  private double normal(int purpose, int time, int sample, int i) {
    Philox.words(options.seed(), purpose, time, sample, i / 64 * 16 + i % 16, words);
    return TruncatedNormal.of(words[i / 16 % 4]);
  }

  private interface Logit {
    double of(int sample, int i);
  }

  private void eachLogit(Batch over, Tensor tensor, Logit logit) {
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor logits = ReferenceTensor.of(tensor);
    int levels = batch.shape().levels();
    int interests = batch.shape().interests();
    backend.run(
        () -> {
          for (int b = 0; b < batch.count(); b++) {
            int sample = batch.histories().samples()[b];
            for (int t = batch.begin(b); t < batch.end(b); t++) {
              int fromEnd = batch.end(b) - 1 - t;
              for (int level = 0; level < levels; level++) {
                for (int interest = 0; interest < interests; interest++) {
                  int i = (fromEnd * levels + level) * interests + interest;
                  double fall = options.slope(interest) * (double) fromEnd;
                  logits.set(t, level, interest, 0, logit.of(sample, i) - fall);
                }
              }
            }
          }
        });
  }
}
