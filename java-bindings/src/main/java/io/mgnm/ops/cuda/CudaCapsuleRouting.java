package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Launches {@code capsule_routing.cu}, whose header says how. */
final class CudaCapsuleRouting implements CapsuleRouting {
  private static final String STEM = "capsule_routing";

  private final CudaBackend backend;
  private final Options options;

  CudaCapsuleRouting(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void before(Batch batch, Tensor z, Tensor logits, Tensor updated) {
    CapsuleRouting.check("before", batch, List.of(z), List.of(logits, updated), List.of());
    launch("before", batch, RoutingPlan.Need.before(), z, logits, updated);
  }

  @Override
  public void after(Batch batch, Tensor z, Tensor y, Tensor updated, Tensor o) {
    Tensor summed = options.summed(z, y);
    CapsuleRouting.check("after", batch, List.of(y, summed), List.of(updated), List.of(o));
    launch("after", batch, RoutingPlan.Need.after(options), summed, y, updated, o);
  }

  @Override
  public void afterBackward(
      Batch batch,
      Tensor z,
      Tensor y,
      Tensor updated,
      Tensor dO,
      Tensor dY,
      Tensor dUpdated,
      Tensor dZ) {
    Tensor summed = options.summed(z, y);
    Tensor dSummed = options.summed(dZ, dY);
    CapsuleRouting.check(
        "afterBackward",
        batch,
        List.of(y, dY, summed, dSummed),
        List.of(updated, dUpdated),
        List.of(dO));
    launch(
        "after_backward",
        batch,
        RoutingPlan.Need.afterBackward(options),
        summed,
        y,
        updated,
        dO,
        dY,
        dUpdated,
        dSummed);
  }

  @Override
  public void beforeBackward(
      Batch batch, Tensor z, Tensor logits, Tensor dUpdated, Tensor dDirect, Tensor dZ) {
    Tensor added = options.summed(dDirect, dZ); // which the kernel leaves alone where it is dZ
    CapsuleRouting.check(
        "beforeBackward", batch, List.of(z, dZ, added), List.of(logits, dUpdated), List.of());
    launch(
        "before_backward",
        batch,
        RoutingPlan.Need.beforeBackward(),
        z,
        logits,
        dUpdated,
        added,
        dZ);
  }

  /** A kernel's parameters are its tensors in their order, the batch, and how memory is divided. */
  private void launch(String half, Batch batch, RoutingPlan.Need need, Tensor... tensors) {
    CudaBatch own = backend.own(batch);
    BatchShape shape = own.shape();
    List<Object> arguments = new ArrayList<>();
    for (Tensor tensor : tensors) {
      arguments.add(backend.own(tensor).buffer());
    }
    boolean interests = options.softmax() == Softmax.INTERESTS;
    int units =
        Math.multiplyExact(shape.histories(), interests ? shape.levels() : shape.capsules());
    if (units == 0) {
      return;
    }
    int shared = backend.device().sharedBytesPerBlockOptIn();
    RoutingPlan plan = RoutingPlan.of(shape, options.softmax(), need, shared);
    arguments.addAll(List.of(own.offsets(), own.live(), plan.room(), plan.stride()));
    CudaKernel kernel =
        backend.kernel(
            STEM,
            STEM + "_" + half,
            Map.of(
                "D", shape.d(),
                "K", shape.interests(),
                "L", shape.levels(),
                "ITERATIONS", options.afterEncoder(),
                "INTERESTS", interests ? 1 : 0,
                "LAST", options.gradient() == Gradient.LAST ? 1 : 0,
                "AGREEMENT", options.encoded() == Encoded.AGREEMENT ? 1 : 0));
    int blocks = backend.blocks(units, plan.units(), plan.threads());
    backend.launch(
        kernel.prepare(
            LaunchShape.of(blocks, plan.threads()).withShared(plan.bytes()), arguments.toArray()));
  }
}
