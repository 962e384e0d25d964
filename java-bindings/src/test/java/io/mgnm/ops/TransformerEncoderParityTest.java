package io.mgnm.ops;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransformerEncoderParityTest {
  private static SequenceEncoderChecks transformer(int d, int maxLength) {
    return new SequenceEncoderChecks(
        d,
        0.5,
        backend -> backend.transformerEncoder(new TransformerEncoder.Options(d, maxLength)));
  }

  @ParameterizedTest
  @CsvSource({"2,6", "4,6", "6,9"})
  void referenceBackwardIsTheDerivative(int d, int maxLength) {
    transformer(d, maxLength).gradient(3, 1, 6);
  }
}
