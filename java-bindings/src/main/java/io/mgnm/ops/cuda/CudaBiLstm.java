package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.SequenceEncoder;
import io.mgnm.ops.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * Launches {@code bilstm.cu}, whose header says how.
 *
 * <p>What fits in a device's shared memory waits there instead of in global memory; that changes no
 * bit.
 */
final class CudaBiLstm implements BiLstm {
  private static final String STEM = "bilstm";
  private static final int STATIC_SHARED = 1024; // more than the kernels' own

  private final CudaBackend backend;
  private final Options options;
  private final BiLstmPlan plan;

  CudaBiLstm(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
    this.plan = BiLstmPlan.of(options);
  }

  @Override
  public int weights() {
    return options.weights();
  }

  @Override
  public Tensor tape(Batch batch, Lifetime lifetime) {
    return batch.capsules(Axis.ITEMS, plan.tapeWidth(), lifetime);
  }

  @Override
  public void forward(Batch over, Tensor in, Tensor weights, Tensor out, Tensor states) {
    SequenceEncoder.check(
        "bilstm.forward", options.d(), weights(), weights, plan.tapeWidth(), states, in, out);
    CudaBatch batch = backend.own(over);
    CudaTensor z = backend.own(in);
    CudaTensor w = backend.own(weights);
    CudaTensor y = backend.own(out);
    CudaTensor tape = backend.own(states);
    int rows = batch.shape().maxLength();
    long shared = plan.forwardShared(rows, staged(rows), kept(rows));
    int threads = plan.forwardThreads();
    int resident = (int) Math.max(1, device() / shared) * backend.device().multiprocessors();
    int sequences = plan.forward().sequences();
    int blocks = Math.min(resident, backend.blocks(tiles(batch, sequences), 1, threads));
    backend.launch(
        kernel("bilstm_forward", rows)
            .prepare(
                LaunchShape.of(blocks, threads).withShared((int) shared),
                z.buffer(),
                w.buffer(),
                y.buffer(),
                tape.buffer(),
                batch.offsets(),
                batch.live(),
                batch.shape().capsules(),
                rows));
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
    int width = plan.tapeWidth();
    SequenceEncoder.check(
        operation,
        options.d(),
        weights(),
        weights,
        width,
        states,
        in,
        out,
        outGradients,
        inGradients);
    SequenceEncoder.check(operation, options.d(), weights(), weightGradients, width, states);
    CudaBatch batch = backend.own(over);
    CudaTensor z = backend.own(in);
    CudaTensor w = backend.own(weights);
    CudaTensor tape = backend.own(states);
    CudaTensor dY = backend.own(outGradients);
    CudaTensor dZ = backend.own(inGradients);
    CudaTensor dW = backend.own(weightGradients);
    int rows = batch.shape().maxLength();
    long tiles = tiles(batch, plan.backward().sequences());
    int blocks = (int) Math.clamp(tiles, 1, CudaBackend.SLOTS);
    DeviceBuffer partials = batch.scratch("bilstm: partial sums", (long) blocks * weights());
    int shared = (int) plan.backwardShared(rows, summed(rows));
    backend.launch(
        kernel("bilstm_backward", rows)
            .prepare(
                LaunchShape.of(blocks, plan.backwardThreads()).withShared(shared),
                z.buffer(),
                w.buffer(),
                dY.buffer(),
                tape.buffer(),
                dZ.buffer(),
                partials,
                batch.offsets(),
                batch.live(),
                batch.shape().capsules(),
                rows));
    backend.sum(kernel("bilstm_sum", rows), partials, blocks, dW);
  }

  /** Tiles of a full batch. */
  private static long tiles(CudaBatch batch, int sequences) {
    BatchShape shape = batch.shape();
    return Math.ceilDiv((long) shape.histories() * shape.capsules(), (long) sequences);
  }

  private CudaKernel kernel(String name, int rows) {
    Map<String, Integer> constants = new HashMap<>(plan.constants());
    constants.put("STAGED", staged(rows) ? 1 : 0);
    constants.put("KEPT", kept(rows) ? 1 : 0);
    constants.put("SUMMED", summed(rows) ? 1 : 0);
    return backend.kernel(STEM, name, constants);
  }

  /** Shared memory that a block of this device can have. */
  private int device() {
    return backend.device().sharedBytesPerBlockOptIn() - STATIC_SHARED;
  }

  /** Whether the forward holds whole sequences of so many positions in shared memory. */
  private boolean staged(int rows) {
    return plan.forwardShared(rows, true, false) <= device();
  }

  /** Whether the forward keeps rows there until both directions have been at them. */
  private boolean kept(int rows) {
    return plan.keepsRows() && plan.forwardShared(rows, true, true) <= device();
  }

  /** Whether the backward does. */
  private boolean summed(int rows) {
    return !plan.backwardTurns() && plan.backwardShared(rows, true) <= device();
  }
}
