package io.mgnm.ops.cuda;

import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code dropout.cu}, whose header says how. */
final class CudaDropout implements Dropout {
  private static final String STEM = "dropout";
  private static final int BLOCK = 128;

  private final CudaBackend backend;
  private final Options options;

  CudaDropout(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void apply(StepState state, Batch over, Tensor x) {
    Dropout.check(over, x);
    CudaBatch batch = backend.own(over);
    CudaTensor rows = backend.own(x);
    int d = batch.shape().d();
    int access = d % 4 == 0 && rows.aligned16() ? 4 : 1;
    backend.launch(
        backend
            .kernel(STEM, "dropout_apply", Map.of("D", d, "VECTOR", access))
            .prepare(
                LaunchShape.of(backend.blocks(batch.shape().histories(), 1, BLOCK), BLOCK),
                batch.offsets(),
                batch.live(),
                batch.samples(),
                backend.own(state).words(),
                options.seed(),
                options.threshold(),
                options.scale(),
                rows.buffer()));
  }
}
