package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code batch_sampling.cu}, whose header says how. */
final class CudaBatchSampling implements BatchSampling {
  private static final String STEM = "batch_sampling";
  private static final int BLOCK = 256;

  /** Floats of a tile of logits, about: as many positions as fit, so that stores are long runs. */
  private static final int TILE_FLOATS = 4096;

  private static final int MOST_POSITIONS = 128;

  /** Logits whose counters stand side by side. */
  private static final int COUNTER = 64;

  private final CudaBackend backend;
  private final Options options;

  CudaBatchSampling(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void draw(Samples samples, StepState state, Batch over) {
    BatchSampling.checkDraw(options, samples, over);
    CudaBatch batch = backend.own(over);
    CudaStepState steps = backend.own(state);
    BatchShape shape = batch.shape();
    backend.launch(
        kernel("batch_sampling_draw", shape)
            .prepare(
                LaunchShape.of(CudaStepState.DRAW_BLOCKS, BLOCK),
                ints(samples.events()),
                ints(samples.userOffsets()),
                ints(samples.sampleUsers()),
                ints(samples.sampleEvents()),
                ints(samples.catalogue()),
                ints(samples.weights()),
                samples.count(),
                samples.catalogue().size(),
                options.seed(),
                shape.histories(),
                shape.maxLength(),
                shape.candidates(),
                steps.words(),
                batch.samples(),
                batch.users(),
                batch.offsets(),
                batch.items(),
                batch.candidates(),
                batch.live()));
    steps.begins();
    backend.draws(new RepeatedDraws(backend, samples, steps, batch, options.seed()));
  }

  private DeviceBuffer ints(IntTensor values) {
    return backend.own(values).buffer();
  }

  @Override
  public void trainingLogits(StepState state, Batch over, Tensor logits) {
    BatchSampling.checkLogits("trainingLogits", logits);
    CudaBatch batch = backend.own(over);
    CudaTensor out = backend.own(logits);
    int positions = positions(batch.shape());
    backend.launch(
        kernel("batch_sampling_training_logits", batch.shape())
            .prepare(
                tiles(batch.shape(), positions),
                batch.offsets(),
                batch.live(),
                batch.samples(),
                backend.own(state).words(),
                batch.shape().maxLength(),
                positions,
                options.seed(),
                options.slope(0),
                out.buffer()));
  }

  @Override
  public void scoringLogits(Batch over, Tensor logits) {
    BatchSampling.checkLogits("scoringLogits", logits);
    CudaBatch batch = backend.own(over);
    CudaTensor out = backend.own(logits);
    int positions = positions(batch.shape());
    backend.launch(
        kernel("batch_sampling_scoring_logits", batch.shape())
            .prepare(
                tiles(batch.shape(), positions),
                batch.offsets(),
                batch.live(),
                batch.shape().maxLength(),
                positions,
                options.seed(),
                options.slope(0),
                out.buffer()));
  }

  @Override
  public void zeroLogits(Batch over, Tensor logits) {
    BatchSampling.checkLogits("zeroLogits", logits);
    CudaBatch batch = backend.own(over);
    CudaTensor out = backend.own(logits);
    backend.launch(
        kernel("batch_sampling_zero_logits", batch.shape())
            .prepare(
                LaunchShape.of(backend.blocks(batch.shape().histories(), 1, BLOCK), BLOCK),
                batch.offsets(),
                batch.live(),
                options.slope(0),
                out.buffer()));
  }

  @Override
  public void correct(Batch over, Tensor logQ, Tensor scores) {
    BatchSampling.checkCorrect(logQ, scores);
    CudaBatch batch = backend.own(over);
    long values = batch.capacity(Axis.CANDIDATES) * scores.width();
    backend.launch(
        kernel("batch_sampling_correct", batch.shape())
            .prepare(
                LaunchShape.of(backend.blocks(values, BLOCK, BLOCK), BLOCK),
                batch.candidates(),
                batch.live(),
                batch.shape().candidates(),
                backend.own(logQ).buffer(),
                scores.width(),
                backend.own(scores).buffer()));
  }

  private static int positions(BatchShape shape) {
    return Math.clamp(TILE_FLOATS / shape.capsules(), 1, MOST_POSITIONS);
  }

  /** A block a tile of positions, as far as the device holds them at once. */
  private LaunchShape tiles(BatchShape shape, int positions) {
    int tiles = Math.ceilDiv(shape.maxLength(), positions); // of the longest history
    int histories = Math.ceilDiv(backend.blocks((long) shape.histories() * tiles, 1, BLOCK), tiles);
    int floats = Math.ceilDiv(positions * shape.capsules() + COUNTER - 1, COUNTER) * COUNTER;
    return LaunchShape.of(Math.multiplyExact(histories, tiles), BLOCK)
        .withShared(Math.multiplyExact(floats, Float.BYTES));
  }

  private CudaKernel kernel(String name, BatchShape shape) {
    return backend.kernel(
        STEM,
        name,
        Map.of(
            "POPULAR",
            options.byPopularity() ? 1 : 0,
            "CAPSULES",
            shape.capsules(),
            "INTERESTS",
            shape.interests()));
  }
}
