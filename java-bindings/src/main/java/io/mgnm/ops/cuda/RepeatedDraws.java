package io.mgnm.ops.cuda;

import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Feistel;
import io.mgnm.ops.Philox;

/**
 * Repeats on the host what {@code batch_sampling_draw} draws, as far as lengths of histories go: so
 * the host knows them without waiting for the device.
 */
final class RepeatedDraws {
  private final CudaBackend backend;
  private final BatchSampling.Samples samples;
  private final CudaStepState state;
  private final CudaBatch batch;
  private final long seed;
  private Feistel order;
  private int[] lengths; // of each sample's history; read from the device when first asked for

  RepeatedDraws(
      CudaBackend backend,
      BatchSampling.Samples samples,
      CudaStepState state,
      CudaBatch batch,
      long seed) {
    this.backend = backend;
    this.samples = samples;
    this.state = state;
    this.batch = batch;
    this.seed = seed;
  }

  /** The device has drawn once more, or is about to. */
  void happens() {
    long step = state.begin();
    batch.drawnOnDevice(() -> of(step));
  }

  /** Lengths of the histories of a step's batch, counted from 0. */
  private int[] of(long step) {
    if (lengths == null) {
      lengths = ofSamples();
      order = new Feistel(lengths.length);
    }
    int capacity = batch.shape().histories();
    long batches = Math.ceilDiv((long) lengths.length, capacity);
    int first = (int) (step % batches) * capacity;
    int[] drawn = new int[Math.min(capacity, lengths.length - first)];
    order.key(seed, Philox.EPOCH_ORDER, (int) (step / batches));
    for (int h = 0; h < drawn.length; h++) {
      drawn[h] = lengths[order.apply(first + h)];
    }
    return drawn;
  }

  private int[] ofSamples() {
    int[] userOffsets = backend.own(samples.userOffsets()).download();
    int[] users = backend.own(samples.sampleUsers()).download();
    int[] found = backend.own(samples.sampleEvents()).download();
    for (int i = 0; i < found.length; i++) {
      found[i] = Math.min(batch.shape().maxLength(), found[i] - userOffsets[users[i]]);
    }
    return found;
  }
}
