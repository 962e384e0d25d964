package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.SequenceEncoder;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;

/** One forward and backward of an encoder. */
final class SequenceEncoderCase {
  private SequenceEncoderCase() {}

  static void run(
      Subject subject, Shape shape, Batch batch, SequenceEncoder encoder, double weightScale) {
    int d = shape.d();
    Tensor w = subject.input(subject.scope().floats(1, encoder.weights()), weightScale);
    Tensor z = Shape.inputCapsules(subject, batch, Axis.ITEMS, d, shape.size().scale());
    Tensor dY = Shape.inputCapsules(subject, batch, Axis.ITEMS, d, 1);
    Tensor y = Shape.outputCapsules(subject, batch, "forward.y", Axis.ITEMS, d);
    Tensor dZ = Shape.outputCapsules(subject, batch, "backward.dZ", Axis.ITEMS, d);
    Tensor dW = subject.output("backward.dW", 1, encoder.weights());
    Tensor tape = encoder.tape(batch, Lifetime.KEPT);
    encoder.forward(batch, z, w, y, tape);
    encoder.backward(batch, z, w, y, tape, dY, dZ, dW);
  }
}
