package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.Tensor;

/** Launches {@code interest_readout.cu}, whose header says how. */
final class CudaInterestReadout implements InterestReadout {
  static final String STEM = "interest_readout";
  private static final int WARP = 32;
  private static final int BLOCK = 128;
  private static final int BACKWARD_BLOCK = 256;

  /** Tiles of candidates that a warp scores at least for one load of their interests. */
  private static final int LEAST_TILES = 4;

  /** Warps a multiprocessor that scores should have at least. */
  private static final int WARPS_WANTED = 16;

  private final CudaBackend backend;
  private final Options options;

  CudaInterestReadout(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void interests(Batch batch, Tensor outputs, Tensor weights, Tensor interests) {
    InterestReadout.checkInterests("interests", options, batch, outputs, weights, interests);
    CudaBatch histories = backend.own(batch);
    DeviceBuffer o = backend.own(outputs).buffer();
    DeviceBuffer q = backend.own(interests).buffer();
    ReadoutPlan plan = plan(batch.shape());
    int count = batch.shape().histories();
    if (!plan.projects()) {
      CudaKernel kernel = kernel("copy", plan);
      long accesses = (long) count * plan.capsules() * plan.d() / (plan.d() % 4 == 0 ? 4 : 1);
      int blocks = backend.blocks(accesses, BLOCK, BLOCK);
      backend.launch(kernel.prepare(LaunchShape.of(blocks, BLOCK), o, q, histories.live()));
      return;
    }
    int tiles = backend.blocks(count, plan.histories(), BLOCK);
    backend.launch(
        kernel("interests", plan)
            .prepare(
                grid(tiles, plan.groups(), BLOCK, plan.interestsBytes()),
                o,
                backend.own(weights).buffer(),
                q,
                histories.live()));
  }

  @Override
  public void scores(Batch batch, Tensor interests, Tensor embeddings, Tensor levelScores) {
    InterestReadout.checkScores("scores", options, batch, interests, embeddings, levelScores);
    CudaBatch histories = backend.own(batch);
    DeviceBuffer q = backend.own(interests).buffer();
    DeviceBuffer e = backend.own(embeddings).buffer();
    DeviceBuffer y = backend.own(levelScores).buffer();
    BatchShape shape = batch.shape();
    if (shape.candidates() == 0) {
      return;
    }
    ReadoutPlan plan = plan(shape);
    int warps = plan.warps();
    int segment = segment(shape, plan.per() * WARP);
    long pieces = (long) shape.histories() * Math.ceilDiv(shape.candidates(), segment);
    int blocks = backend.blocks(pieces, warps, warps * WARP);
    backend.launch(
        kernel("scores", plan)
            .prepare(
                LaunchShape.of(blocks, warps * WARP).withShared(warps * plan.warpBytes()),
                q,
                e,
                y,
                histories.live(),
                shape.candidates(),
                segment));
  }

  /**
   * Candidates that a warp scores with one load of the interests: many, so that those do not count,
   * but few enough to give every multiprocessor warps.
   */
  private int segment(BatchShape shape, int tile) {
    int most = Math.max(1, shape.candidates() / (LEAST_TILES * tile));
    int warps = WARPS_WANTED * backend.device().multiprocessors();
    int wanted = Math.ceilDiv(warps, Math.max(1, shape.histories()));
    int segment = Math.ceilDiv(shape.candidates(), Math.min(most, wanted));
    return Math.ceilDiv(segment, tile) * tile;
  }

  @Override
  public void readout(Batch batch, Tensor levelScores, Tensor scores) {
    InterestReadout.checkReadout(options, batch, levelScores, scores);
    CudaBatch histories = backend.own(batch);
    DeviceBuffer y = backend.own(levelScores).buffer();
    DeviceBuffer score = backend.own(scores).buffer();
    int candidates = batch.shape().candidates();
    int blocks = backend.blocks((long) batch.shape().histories() * candidates, BLOCK, BLOCK);
    backend.launch(
        kernel("readout", plan(batch.shape()))
            .prepare(
                LaunchShape.of(blocks, BLOCK),
                y,
                score,
                histories.live(),
                candidates,
                options.readout() == Readout.SUM ? 1 : 0));
  }

  @Override
  public void backward(
      Batch batch,
      Tensor outputs,
      Tensor weights,
      Tensor interests,
      Tensor embeddings,
      Tensor levelScoreGradients,
      Tensor outputGradients,
      Tensor weightGradients,
      Tensor embeddingGradients) {
    InterestReadout.checkBackward(
        options,
        batch,
        outputs,
        weights,
        interests,
        embeddings,
        levelScoreGradients,
        outputGradients,
        weightGradients,
        embeddingGradients);
    CudaBatch histories = backend.own(batch);
    ReadoutPlan plan = plan(batch.shape());
    DeviceBuffer q = backend.own(interests).buffer();
    // Any memory stands for weights and partial sums where there are none.
    DeviceBuffer w = plan.projects() ? backend.own(weights).buffer() : q;
    int slots = plan.slots(batch.shape().histories());
    DeviceBuffer partials =
        plan.projects()
            ? histories.scratch("interest_readout: dW", (long) slots * plan.weights())
            : q;
    backend.launch(
        kernel("backward", plan)
            .prepare(
                grid(slots, plan.groups(), BACKWARD_BLOCK, plan.backwardBytes()),
                backend.own(outputs).buffer(),
                w,
                q,
                backend.own(embeddings).buffer(),
                backend.own(levelScoreGradients).buffer(),
                backend.own(outputGradients).buffer(),
                partials,
                backend.own(embeddingGradients).buffer(),
                histories.live(),
                batch.shape().candidates(),
                plan.tile()));
    if (plan.projects()) {
      backend.sum(kernel("sum", plan), partials, slots, backend.own(weightGradients));
    }
  }

  private CudaKernel kernel(String name, ReadoutPlan plan) {
    return backend.kernel(STEM, STEM + "_" + name, plan.constants());
  }

  private ReadoutPlan plan(BatchShape shape) {
    return ReadoutPlan.of(shape, options, backend.device().sharedBytesPerBlockOptIn());
  }

  private static LaunchShape grid(int x, int y, int threads, int sharedBytes) {
    return new LaunchShape(x, y, 1, threads, 1, 1, sharedBytes);
  }
}
