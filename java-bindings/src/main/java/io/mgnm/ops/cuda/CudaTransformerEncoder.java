package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TransformerEncoder;

/**
 * Launches {@code transformer_encoder.cu}, whose header says how. The backward computes the forward
 * again, so the tape holds nothing.
 */
final class CudaTransformerEncoder implements TransformerEncoder {
  private static final String STEM = "transformer_encoder";
  private static final int TAPE_WIDTH = 1;
  private static final int THREADS = TransformerPlan.THREADS;

  private final CudaBackend backend;
  private final Options options;

  CudaTransformerEncoder(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public int weights() {
    return options.weights();
  }

  @Override
  public Tensor tape(Batch batch, Lifetime lifetime) {
    return batch.capsules(Axis.ITEMS, TAPE_WIDTH, lifetime);
  }

  @Override
  public void forward(Batch over, Tensor in, Tensor weights, Tensor out, Tensor tape) {
    TransformerEncoder.check("forward", options, over, weights, TAPE_WIDTH, tape, in, out);
    CudaBatch batch = backend.own(over);
    CudaTensor z = backend.own(in);
    CudaTensor w = backend.own(weights);
    CudaTensor y = backend.own(out);
    TransformerPlan plan = plan(batch);
    int bytes = plan.forward().bytes();
    int resident =
        Math.max(1, backend.device().sharedBytesPerBlockOptIn() / bytes)
            * backend.device().multiprocessors();
    int blocks =
        Math.min(resident, backend.blocks(TransformerPlan.groups(batch.shape()), 1, THREADS));
    boolean streamed = plan.forward().streamed();
    backend.launch(
        kernel("forward", plan)
            .prepare(
                LaunchShape.of(blocks, THREADS).withShared(bytes),
                z.buffer(),
                w.buffer(),
                y.buffer(),
                streamed ? scratch(batch, plan, false, blocks) : y.buffer(),
                batch.offsets(),
                batch.live(),
                batch.shape().capsules(),
                options.maxLength(),
                plan.forward().room(),
                plan.longest()));
  }

  @Override
  public void backward(
      Batch over,
      Tensor in,
      Tensor weights,
      Tensor out,
      Tensor tape,
      Tensor outGradients,
      Tensor inGradients,
      Tensor weightGradients) {
    String direction = "backward";
    TransformerEncoder.check(
        direction, options, over, weights, TAPE_WIDTH, tape, in, out, outGradients, inGradients);
    TransformerEncoder.check(direction, options, over, weightGradients, TAPE_WIDTH, tape);
    CudaBatch batch = backend.own(over);
    CudaTensor z = backend.own(in);
    CudaTensor w = backend.own(weights);
    CudaTensor dY = backend.own(outGradients);
    CudaTensor dZ = backend.own(inGradients);
    TransformerPlan plan = plan(batch);
    int blocks = Math.min(TransformerPlan.groups(batch.shape()), CudaBackend.SLOTS);
    DeviceBuffer partials = batch.scratch(STEM + ": partial sums", (long) blocks * weights());
    boolean streamed = plan.backward().streamed();
    backend.launch(
        kernel("backward", plan)
            .prepare(
                LaunchShape.of(blocks, THREADS).withShared(plan.backward().bytes()),
                z.buffer(),
                w.buffer(),
                dY.buffer(),
                dZ.buffer(),
                partials,
                streamed ? scratch(batch, plan, true, blocks) : partials,
                batch.offsets(),
                batch.live(),
                batch.shape().capsules(),
                options.maxLength(),
                plan.backward().room(),
                plan.longest()));
    backend.sum(kernel("sum", plan), partials, blocks, backend.own(weightGradients));
  }

  private static DeviceBuffer scratch(
      CudaBatch batch, TransformerPlan plan, boolean backward, int blocks) {
    return batch.scratch(STEM + ": rows", plan.scratch(backward, blocks));
  }

  private CudaKernel kernel(String name, TransformerPlan plan) {
    return backend.kernel(STEM, STEM + "_" + name, plan.constants());
  }

  private TransformerPlan plan(CudaBatch batch) {
    return TransformerPlan.of(batch.shape(), backend.device().sharedBytesPerBlockOptIn());
  }
}
