package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudnnLstm;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.SequenceEncoder;
import io.mgnm.ops.Tensor;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * {@code bilstm} by NVIDIA's cuDNN: sequences are packed as cuDNN wants them, weights copied to the
 * places it names, and residual and projection are done around it.
 *
 * <p>cuDNN takes the lengths of histories from the host, which repeats the draw of a batch to know
 * them, so a recording with this in it is no graph. What cuDNN keeps between forward and backward
 * belongs to the tape, whose tensor is empty.
 */
final class CudnnBiLstm implements BiLstm {
  private static final int TAPE_WIDTH = 0;

  private final CudaBackend backend;
  private final Options options;
  private final Map<Tensor, CudnnPass> passes = new WeakHashMap<>();

  /**
   * @throws UnsupportedOperationException where there is no cuDNN, with a remedy
   */
  CudnnBiLstm(CudaBackend backend, Options options) {
    CudnnLstm.unavailable()
        .ifPresent(
            reason -> {
              throw new UnsupportedOperationException(
                  reason + "; or choose the implementation 'persistent', which needs none");
            });
    this.backend = backend;
    this.options = options;
  }

  @Override
  public int weights() {
    return options.weights();
  }

  @Override
  public Tensor tape(Batch over, Lifetime lifetime) {
    CudaBatch batch = backend.own(over);
    Tensor tape = batch.capsules(Axis.ITEMS, TAPE_WIDTH, lifetime);
    passes.put(tape, new CudnnPass(backend, options, batch));
    return tape;
  }

  @Override
  public void forward(Batch over, Tensor in, Tensor weights, Tensor out, Tensor states) {
    SequenceEncoder.check(
        "bilstm.forward", options.d(), weights(), weights, TAPE_WIDTH, states, in, out);
    CudaBatch batch = backend.own(over);
    DeviceBuffer z = backend.own(in).buffer();
    DeviceBuffer w = backend.own(weights).buffer();
    DeviceBuffer y = backend.own(out).buffer();
    CudnnPass pass = pass("bilstm.forward", batch, states);
    backend.onHost(() -> pass.forward(z, w, y));
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
    String operation = "bilstm.backward";
    SequenceEncoder.check(
        operation,
        options.d(),
        weights(),
        weights,
        TAPE_WIDTH,
        states,
        in,
        out,
        outGradients,
        inGradients);
    SequenceEncoder.check(operation, options.d(), weights(), weightGradients, TAPE_WIDTH, states);
    CudaBatch batch = backend.own(over);
    DeviceBuffer w = backend.own(weights).buffer();
    DeviceBuffer dY = backend.own(outGradients).buffer();
    DeviceBuffer dZ = backend.own(inGradients).buffer();
    DeviceBuffer dW = backend.own(weightGradients).buffer();
    CudnnPass pass = pass(operation, batch, states);
    backend.onHost(() -> pass.backward(w, dY, dZ, dW));
  }

  private CudnnPass pass(String operation, CudaBatch batch, Tensor tape) {
    backend.own(tape);
    CudnnPass pass = passes.get(tape);
    if (pass == null || pass.batch() != batch) {
      throw new IllegalArgumentException(
          operation + ": tape: expected one that this encoder made for this batch");
    }
    return pass;
  }
}
