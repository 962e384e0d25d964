package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.CapsuleProjection;
import io.mgnm.ops.Tensor;
import java.util.HashMap;
import java.util.Map;

/** Launches {@code capsule_projection.cu}, whose header says how. */
final class CudaCapsuleProjection implements CapsuleProjection {
  private static final String STEM = "capsule_projection";

  private final CudaBackend backend;

  CudaCapsuleProjection(CudaBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Batch batch, Tensor levels, Tensor w, Tensor z) {
    CapsuleProjection.check("forward", batch, levels, w, z);
    CudaBatch own = backend.own(batch);
    ProjectionPlan plan = plan(own);
    if (plan.tiles() == 0) {
      return;
    }
    int least = plan.forwardLeast();
    int runs = backend.blocks(plan.tiles(), least, ProjectionPlan.FORWARD_BLOCK);
    LaunchShape shape =
        new LaunchShape(
            runs, plan.columnParts(), 1, ProjectionPlan.FORWARD_BLOCK, 1, 1, plan.forwardShared());
    backend.launch(
        kernel(own, plan, "capsule_projection_forward")
            .prepare(
                shape,
                backend.own(levels).buffer(),
                backend.own(w).buffer(),
                backend.own(z).buffer(),
                own.offsets(),
                own.live(),
                least));
  }

  @Override
  public void backward(Batch batch, Tensor levels, Tensor w, Tensor dZ, Tensor dLevels, Tensor dW) {
    CapsuleProjection.check("backward", batch, levels, w, dZ);
    CapsuleProjection.check("backward", batch, dLevels, dW, dZ);
    CudaBatch own = backend.own(batch);
    ProjectionPlan plan = plan(own);
    CudaTensor total = backend.own(dW);
    int least = plan.backwardLeast();
    int slots = Math.max(1, Math.min(CudaBackend.SLOTS, Math.ceilDiv(plan.tiles(), least)));
    DeviceBuffer partials =
        own.scratch(STEM, Math.multiplyExact((long) slots, (long) total.size()));
    CudaKernel kernel = kernel(own, plan, "capsule_projection_backward");
    LaunchShape shape =
        LaunchShape.of(slots, plan.backwardBlock()).withShared(plan.backwardShared());
    for (int first = 0; first < own.shape().interests(); first += plan.group()) {
      backend.launch(
          kernel.prepare(
              shape,
              backend.own(levels).buffer(),
              backend.own(w).buffer(),
              backend.own(dZ).buffer(),
              backend.own(dLevels).buffer(),
              partials,
              own.offsets(),
              own.live(),
              least,
              first));
    }
    backend.sum(kernel(own, plan, "capsule_projection_sum"), partials, slots, total);
  }

  private ProjectionPlan plan(CudaBatch batch) {
    return ProjectionPlan.of(batch.shape(), backend.device().sharedBytesPerBlockOptIn());
  }

  private CudaKernel kernel(CudaBatch batch, ProjectionPlan plan, String name) {
    BatchShape shape = batch.shape();
    Map<String, Integer> constants = new HashMap<>(plan.constants());
    constants.put("D", shape.d());
    constants.put("K", shape.interests());
    constants.put("L", shape.levels());
    return backend.kernel(STEM, name, constants);
  }
}
