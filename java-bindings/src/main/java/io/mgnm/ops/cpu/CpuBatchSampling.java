package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Philox;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import java.util.Objects;

/**
 * Draws logits of one history after another into a buffer, where they stand from the last position
 * to the first, and copies them to their lanes. {@link BatchDraw} draws the batch itself.
 */
final class CpuBatchSampling implements BatchSampling {
  private final CpuBackend backend;
  private final Options options;

  CpuBatchSampling(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void draw(Samples samples, StepState state, Batch batch) {
    BatchSampling.checkDraw(options, samples, batch);
    backend.whole(new BatchDraw(backend, options, samples, state, batch));
  }

  @Override
  public void trainingLogits(StepState stepState, Batch over, Tensor logits) {
    BatchSampling.checkLogits("trainingLogits", logits);
    CpuStepState state = backend.own(stepState);
    CpuBatch batch = backend.own(over);
    CpuTensor out = backend.own(logits);
    int room = room(batch.shape());
    int[][][] words = new int[backend.workers().size()][4][room / 4];
    float[][] numbers = new float[backend.workers().size()][room];
    backend.perHistory(
        batch,
        micro -> {
          float[] draws = numbers[micro.worker()];
          clearUnused(micro, out);
          for (int place = 0; place < micro.histories(); place++) {
            int history = history(micro, place);
            PhiloxLanes.truncatedNormals(
                options.seed(),
                Philox.TRAINING_LOGIT,
                (int) (state.step - 1),
                batch.samples[micro.firstHistory() + history],
                micro.length(history) * batch.shape().capsules(),
                words[micro.worker()],
                draws);
            copy(micro, place, draws, out);
          }
        });
  }

  @Override
  public void scoringLogits(Batch over, Tensor logits) {
    BatchSampling.checkLogits("scoringLogits", logits);
    CpuBatch batch = backend.own(over);
    CpuTensor out = backend.own(logits);
    float[] draws = new float[room(batch.shape())]; // the same for all histories and for ever
    PhiloxLanes.truncatedNormals(
        options.seed(),
        Philox.SCORING_LOGIT,
        0,
        0,
        draws.length,
        new int[4][draws.length / 4],
        draws);
    backend.perHistory(
        batch,
        micro -> {
          clearUnused(micro, out);
          for (int place = 0; place < micro.histories(); place++) {
            copy(micro, place, draws, out);
          }
        });
  }

  @Override
  public void zeroLogits(Batch over, Tensor logits) {
    BatchSampling.checkLogits("zeroLogits", logits);
    CpuBatch batch = backend.own(over);
    CpuTensor out = backend.own(logits);
    float[] zeros = new float[room(batch.shape())];
    backend.perHistory(
        batch,
        micro -> {
          clearUnused(micro, out);
          for (int place = 0; place < micro.histories(); place++) {
            copy(micro, place, zeros, out);
          }
        });
  }

  @Override
  public void correct(Batch over, Tensor logQ, Tensor scores) {
    BatchSampling.checkCorrect(logQ, scores);
    CpuBatch batch = backend.own(over);
    CpuTensor table = backend.own(logQ);
    CpuTensor y = backend.own(scores);
    int candidates = batch.shape().candidates();
    int width = scores.width();
    backend.perHistory(
        batch,
        micro -> {
          float[] array = y.array(micro);
          int place = y.base(micro);
          int first = micro.firstHistory() * candidates;
          int end = first + micro.histories() * candidates;
          for (int c = first; c < end; c++) {
            // A slice has neighbours.
            int row = Objects.checkIndex(batch.candidates[c], table.rows());
            float lower = table.array()[table.offset() + row];
            for (int s = 0; s < width; s++) {
              array[place++] -= lower;
            }
          }
        });
  }

  private static int room(BatchShape shape) {
    return PhiloxLanes.room(Math.multiplyExact(shape.maxLength(), shape.capsules()));
  }

  private static void clear(MicroBatch micro, CpuTensor out) {
    int base = out.base(micro);
    Arrays.fill(out.array(micro), base, base + micro.positions() * Lanes.LANES, 0);
  }

  /** Lanes that end early hold zeros behind their end, as an upload leaves them. */
  private static void clearUnused(MicroBatch micro, CpuTensor out) {
    if (!micro.uniform()) {
      clear(micro, out);
    }
  }

  /** Takes from the logits of {@code run} capsules what {@link Options#recency} says. */
  private void lower(
      float[] array, int first, int run, int firstCapsule, int length, BatchShape shape) {
    for (int j = 0; j < run; j++) {
      float slope = options.slope((firstCapsule + j) % shape.interests());
      for (int t = 0; t < length; t++) {
        array[first + t * Lanes.LANES + j] -= slope * (length - 1 - t);
      }
    }
  }

  /** The history whose sequences come {@code place}-th in the lanes. */
  private static int history(MicroBatch micro, int place) {
    int sequence = place * micro.batch().shape().capsules();
    return micro.laneHistory(sequence / Lanes.LANES, sequence % Lanes.LANES);
  }

  private void copy(MicroBatch micro, int place, float[] draws, CpuTensor out) {
    float[] array = out.array(micro);
    int base = out.base(micro);
    int capsules = micro.batch().shape().capsules();
    int length = micro.length(history(micro, place));
    int end = (place + 1) * capsules;
    int run;
    for (int sequence = place * capsules; sequence < end; sequence += run) {
      int lane = sequence % Lanes.LANES;
      run = Math.min(Lanes.LANES - lane, end - sequence); // capsules of this group
      int to = base + micro.groupPosition(sequence / Lanes.LANES) * Lanes.LANES + lane;
      int from = (length - 1) * capsules + sequence - place * capsules;
      for (int t = 0; t < length; t++) {
        System.arraycopy(draws, from - t * capsules, array, to + t * Lanes.LANES, run);
      }
      if (options.recency() != 0) {
        lower(array, to, run, sequence - place * capsules, length, micro.batch().shape());
      }
    }
  }
}
