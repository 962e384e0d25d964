package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.CapsuleRouting.Encoded;
import io.mgnm.ops.CapsuleRouting.Gradient;
import io.mgnm.ops.CapsuleRouting.Options;
import io.mgnm.ops.CapsuleRouting.Softmax;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Bounds;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code capsule_routing}: its four halves, each with inputs of its own. */
final class CapsuleRoutingRow implements Row {
  /** |z|, and so about the size of a logit, at every width. */
  private static final double LENGTH = 4;

  private static final List<Options> OPTIONS =
      List.of(
          new Options(3, Softmax.POSITIONS, Gradient.FULL, Encoded.EVERYWHERE),
          new Options(2, Softmax.POSITIONS, Gradient.LAST, Encoded.AGREEMENT),
          new Options(3, Softmax.INTERESTS, Gradient.FULL, Encoded.EVERYWHERE),
          new Options(1, Softmax.POSITIONS, Gradient.FULL, Encoded.EVERYWHERE),
          new Options(4, Softmax.INTERESTS, Gradient.LAST, Encoded.AGREEMENT),
          new Options(3, Softmax.POSITIONS, Gradient.FULL, Encoded.AGREEMENT));

  @Override
  public String stem() {
    return "capsule_routing";
  }

  @Override
  public List<String> directions() {
    return List.of("before", "after", "after_backward", "before_backward");
  }

  @Override
  public List<String> variants() {
    return OPTIONS.stream().map(Options::toString).toList();
  }

  /** Large vectors make large logits: see there; |z| times some iterations. */
  @Override
  public Bounds bounds(Shape shape) {
    return shape.boundsOfLogits();
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.batch(subject);
    int d = shape.d();
    Options options = OPTIONS.get(shape.variant());
    CapsuleRouting routing = subject.backend().capsuleRouting(options);
    double scale = shape.size().scale() * LENGTH / Math.sqrt(d);
    Tensor z = Shape.inputCapsules(subject, batch, Axis.ITEMS, d, scale);
    Tensor y = Shape.inputCapsules(subject, batch, Axis.ITEMS, d, scale);
    Tensor logits = Shape.inputCapsules(subject, batch, Axis.ITEMS, 1, 1);
    Tensor start = Shape.inputCapsules(subject, batch, Axis.ITEMS, 1, 1);
    Tensor gamma = Shape.inputCapsules(subject, batch, Axis.ITEMS, 1, 1);
    Tensor direct = Shape.inputCapsules(subject, batch, Axis.ITEMS, d, 1);
    Tensor dO = Shape.inputCapsules(subject, batch, Axis.HISTORIES, d, 1);
    routing.before(
        batch, z, logits, Shape.outputCapsules(subject, batch, "before.updated", Axis.ITEMS, 1));
    routing.after(
        batch, z, y, start, Shape.outputCapsules(subject, batch, "after.o", Axis.HISTORIES, d));
    boolean agreement = options.encoded() == Encoded.AGREEMENT;
    Tensor dDirect =
        agreement
            ? Shape.outputCapsules(subject, batch, "after_backward.dZ", Axis.ITEMS, d)
            : batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
    routing.afterBackward(
        batch,
        z,
        y,
        start,
        dO,
        Shape.outputCapsules(subject, batch, "after_backward.dY", Axis.ITEMS, d),
        Shape.outputCapsules(subject, batch, "after_backward.dUpdated", Axis.ITEMS, 1),
        dDirect);
    Tensor dZ =
        subject.input(Shape.outputCapsules(subject, batch, "before_backward.dZ", Axis.ITEMS, d), 1);
    routing.beforeBackward(batch, z, logits, gamma, direct, dZ);
  }
}
