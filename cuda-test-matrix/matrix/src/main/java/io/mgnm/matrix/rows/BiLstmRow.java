package io.mgnm.matrix.rows;

import io.mgnm.ops.BiLstm;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code bilstm}, with half the width a direction and with a projection. */
final class BiLstmRow implements Row {
  private static final double WEIGHTS = 0.4;

  @Override
  public String stem() {
    return "bilstm";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "backward");
  }

  @Override
  public List<String> variants() {
    return List.of("half", "projected");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    BiLstm lstm = subject.backend().biLstm(new BiLstm.Options(shape.d(), shape.variant() == 1));
    SequenceEncoderCase.run(subject, shape, shape.batch(subject), lstm, WEIGHTS);
  }
}
