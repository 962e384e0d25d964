package io.mgnm.ops;

import io.mgnm.ops.GradientCheck.Pair;
import java.util.List;
import org.junit.jupiter.api.Test;

class CapsuleProjectionParityTest {

  @Test
  void referenceBackwardIsTheDerivative() {
    int d = 3;
    int levels = 2;
    int interests = 3;
    try (GradientCheck check = new GradientCheck(11)) {
      Subject subject = check.subject();
      Scope scope = subject.scope();
      Batch batch = subject.batch(new int[] {1, 4, 2}, 0, d, levels, interests);
      Tensor h = subject.input(batch.tensor(Axis.ITEMS, levels * d, Lifetime.KEPT), 1);
      Tensor w = subject.input(scope.floats(interests * d, d), 1);
      Tensor z = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      Tensor dZ = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      Tensor dH = batch.tensor(Axis.ITEMS, levels * d, Lifetime.KEPT);
      Tensor dW = scope.floats(interests * d, d);
      CapsuleProjection projection = check.backend().capsuleProjection();
      check.verify(
          () -> projection.forward(batch, h, w, z),
          List.of(new Pair("z", z, dZ)),
          () -> projection.backward(batch, h, w, dZ, dH, dW),
          List.of(new Pair("h", h, dH), new Pair("w", w, dW)));
    }
  }
}
