package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Feistel;
import io.mgnm.ops.Philox;
import io.mgnm.ops.StepState;

/**
 * {@link BatchSampling#draw}: the samples and the lengths of their histories one after another,
 * then items and candidates shared out by histories.
 */
final class BatchDraw implements Runnable {
  private static final int HISTORIES_A_PIECE = 16;

  /** Counters of a negative, four attempts each. */
  private static final int COUNTERS = BatchSampling.ATTEMPTS / 4;

  private final Workers workers;
  private final BatchSampling.Options options;
  private final CpuStepState state;
  private final CpuBatch batch;
  private final int[] events;
  private final int[] userOffsets;
  private final int[] sampleUsers;
  private final int[] sampleEvents;
  private final int[] catalogue;
  private final int[] weights;
  private final Feistel order;
  private final int[][][] words; // of each worker: those of every negative's first counter
  private final int[][] more; // of each worker: those of one that is drawn again
  private final Workers.Pieces piece = this::fill;

  BatchDraw(
      CpuBackend backend,
      BatchSampling.Options options,
      BatchSampling.Samples samples,
      StepState state,
      Batch batch) {
    this.workers = backend.workers();
    this.options = options;
    this.state = backend.own(state);
    this.batch = backend.own(batch);
    events = backend.own(samples.events()).values;
    userOffsets = backend.own(samples.userOffsets()).values;
    sampleUsers = backend.own(samples.sampleUsers()).values;
    sampleEvents = backend.own(samples.sampleEvents()).values;
    catalogue = backend.own(samples.catalogue()).values;
    weights = backend.own(samples.weights()).values;
    order = new Feistel(sampleUsers.length);
    words = new int[workers.size()][4][this.batch.shape().candidates()];
    more = new int[workers.size()][4];
  }

  @Override
  public void run() {
    int n = sampleUsers.length;
    int capacity = batch.shape().histories();
    long batches = Math.ceilDiv((long) n, capacity);
    int first = (int) (state.step % batches) * capacity;
    int count = Math.min(capacity, n - first);
    order.key(options.seed(), Philox.EPOCH_ORDER, (int) (state.step / batches));
    for (int b = 0; b < count; b++) {
      int sample = order.apply(first + b);
      batch.samples[b] = sample;
      batch.users[b] = sampleUsers[sample];
      int length = sampleEvents[sample] - begin(b);
      if (length < 1) {
        throw new IllegalStateException("sample " + sample + " has no event before its target");
      }
      batch.offsets[b + 1] = batch.offsets[b] + length;
    }
    batch.setCount(count);
    workers.run(Math.ceilDiv(count, HISTORIES_A_PIECE), piece);
    state.step++;
  }

  /** The first event of the history as fed. */
  private int begin(int b) {
    int last = sampleEvents[batch.samples[b]] - batch.shape().maxLength();
    return Math.max(userOffsets[batch.users[b]], last);
  }

  private void fill(int number, int worker) {
    int end = Math.min(batch.count(), (number + 1) * HISTORIES_A_PIECE);
    int candidates = batch.shape().candidates();
    for (int b = number * HISTORIES_A_PIECE; b < end; b++) {
      int from = batch.offsets[b];
      System.arraycopy(events, begin(b), batch.items, from, batch.offsets[b + 1] - from);
      int target = events[sampleEvents[batch.samples[b]]];
      batch.candidates[b * candidates] = target;
      PhiloxLanes.words(
          options.seed(),
          Philox.TRAINING_NEGATIVE,
          (int) state.step,
          batch.samples[b],
          COUNTERS,
          candidates - 1,
          words[worker]);
      for (int j = 0; j < candidates - 1; j++) {
        batch.candidates[b * candidates + 1 + j] = negative(b, j, target, worker);
      }
    }
  }

  private int negative(int b, int j, int target, int worker) {
    int[] again = more[worker];
    int item = target;
    for (int attempt = 0; attempt < BatchSampling.ATTEMPTS; attempt++) {
      if (attempt >= 4 && attempt % 4 == 0) {
        int index = j * COUNTERS + attempt / 4;
        Philox.words(
            options.seed(),
            Philox.TRAINING_NEGATIVE,
            (int) state.step,
            batch.samples[b],
            index,
            again);
      }
      int word = attempt < 4 ? words[worker][attempt][j] : again[attempt % 4];
      item = catalogue[options.byPopularity() ? popular(word) : uniform(word)];
      if (item != target && !inHistory(b, item)) {
        break;
      }
    }
    return item;
  }

  private int uniform(int word) {
    return Philox.bounded(word, catalogue.length);
  }

  /** The first entry whose threshold is above the word; the last one closes the range. */
  private int popular(int word) {
    int low = 0;
    int high = weights.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Integer.compareUnsigned(word, weights[middle]) < 0) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private boolean inHistory(int b, int item) {
    for (int t = batch.offsets[b]; t < batch.offsets[b + 1]; t++) {
      if (batch.items[t] == item) {
        return true;
      }
    }
    return false;
  }
}
