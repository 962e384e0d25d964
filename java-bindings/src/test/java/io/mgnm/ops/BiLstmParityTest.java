package io.mgnm.ops;

import io.mgnm.ops.GradientCheck.Pair;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BiLstmParityTest {
  @ParameterizedTest
  @CsvSource({"4,false", "4,true", "1,true", "6,false"})
  void referenceBackwardIsTheDerivative(int d, boolean projected) {
    try (GradientCheck check = new GradientCheck(7)) {
      Subject subject = check.subject();
      BiLstm lstm = check.backend().biLstm(new BiLstm.Options(d, projected));
      Batch batch = subject.batch(new int[] {3, 1, 6}, 0, d, 2, 2);
      Tensor z = subject.input(batch.capsules(Axis.ITEMS, d, Lifetime.KEPT), 1);
      Tensor w = subject.input(subject.scope().floats(1, lstm.weights()), 0.5);
      Tensor y = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      Tensor dY = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      Tensor dZ = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
      Tensor dW = subject.scope().floats(1, lstm.weights());
      Tensor tape = lstm.tape(batch, Lifetime.KEPT);
      check.verify(
          () -> lstm.forward(batch, z, w, y, tape),
          List.of(new Pair("y", y, dY)),
          () -> lstm.backward(batch, z, w, y, tape, dY, dZ, dW),
          List.of(new Pair("z", z, dZ), new Pair("w", w, dW)));
    }
  }
}
