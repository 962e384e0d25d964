package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.CapsuleProjection;
import io.mgnm.ops.Tensor;

/** Equation (5) with capsules in lanes; see {@link ProjectionForward} for how. */
final class CpuCapsuleProjection implements CapsuleProjection {
  private final CpuBackend backend;

  CpuCapsuleProjection(CpuBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Batch batch, Tensor levels, Tensor w, Tensor z) {
    CapsuleProjection.check("forward", batch, levels, w, z);
    CpuBatch own = backend.own(batch);
    backend.perHistory(
        own,
        new ProjectionForward(
            own.shape(),
            backend.workers().size(),
            backend.own(levels),
            backend.own(w),
            backend.own(z)));
  }

  @Override
  public void backward(Batch batch, Tensor levels, Tensor w, Tensor dZ, Tensor dLevels, Tensor dW) {
    CapsuleProjection.check("backward", batch, levels, w, dZ);
    CapsuleProjection.check("backward", batch, dLevels, dW, dZ);
    CpuBatch own = backend.own(batch);
    CpuTensor sum = backend.own(dW);
    backend.perHistory(
        own,
        new ProjectionBackward(
            own.shape(),
            backend.workers().size(),
            backend.own(levels),
            backend.own(w),
            backend.own(dZ),
            backend.own(dLevels),
            sum),
        sum);
  }
}
