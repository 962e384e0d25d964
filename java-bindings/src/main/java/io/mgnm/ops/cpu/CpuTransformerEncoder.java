package io.mgnm.ops.cpu;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TransformerEncoder;
import java.util.Arrays;

/** The transformer block, one lane group after another; see {@link CpuTransformerBlock}. */
final class CpuTransformerEncoder implements TransformerEncoder {
  private final CpuBackend backend;
  private final Options options;

  CpuTransformerEncoder(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public int weights() {
    return options.weights();
  }

  @Override
  public Tensor tape(Batch batch, Lifetime lifetime) {
    return batch.capsules(Axis.ITEMS, tapeWidth(), lifetime);
  }

  private int tapeWidth() {
    return CpuTransformerBlock.tapeWidth(options.d());
  }

  @Override
  public void forward(Batch over, Tensor in, Tensor weights, Tensor out, Tensor states) {
    TransformerEncoder.check("forward", options, over, weights, tapeWidth(), states, in, out);
    CpuBatch batch = backend.own(over);
    CpuTensor z = backend.own(in);
    CpuTensor w = backend.own(weights);
    CpuTensor y = backend.own(out);
    CpuTensor tape = backend.own(states);
    CpuTransformerForward[] workers = new CpuTransformerForward[backend.workers().size()];
    int maxLength = batch.shape().maxLength();
    Arrays.setAll(workers, worker -> new CpuTransformerForward(options, maxLength, z, w, y, tape));
    backend.perHistory(batch, micro -> workers[micro.worker()].run(micro));
  }

  @Override
  public void backward(
      Batch over,
      Tensor in,
      Tensor weights,
      Tensor out,
      Tensor states,
      Tensor outGradients,
      Tensor inGradients,
      Tensor weightGradients) {
    String direction = "backward";
    TransformerEncoder.check(
        direction, options, over, weights, tapeWidth(), states, in, out, outGradients, inGradients);
    TransformerEncoder.check(direction, options, over, weightGradients, tapeWidth(), states);
    CpuBatch batch = backend.own(over);
    CpuTensor z = backend.own(in);
    CpuTensor w = backend.own(weights);
    CpuTensor tape = backend.own(states);
    CpuTensor dY = backend.own(outGradients);
    CpuTensor dZ = backend.own(inGradients);
    CpuTensor dW = backend.own(weightGradients);
    CpuTransformerBackward[] workers = new CpuTransformerBackward[backend.workers().size()];
    int maxLength = batch.shape().maxLength();
    Arrays.setAll(
        workers, worker -> new CpuTransformerBackward(options, maxLength, z, w, tape, dY, dZ, dW));
    backend.perHistory(batch, micro -> workers[micro.worker()].run(micro), dW);
  }
}
