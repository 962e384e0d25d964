package io.mgnm.matrix.rows;

import io.mgnm.ops.BiLstm;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/**
 * {@code bilstm}, with half the width a direction and with a projection, by the library's own
 * kernels and by cuDNN. Other backends than CUDA have one implementation.
 */
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
    return List.of("half", "projected", "half-cudnn", "projected-cudnn");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    BiLstm lstm =
        subject
            .backend()
            .biLstm(
                new BiLstm.Options(
                    shape.d(),
                    shape.variant() % 2 == 1,
                    shape.variant() < 2
                        ? BiLstm.Implementation.PERSISTENT
                        : BiLstm.Implementation.CUDNN));
    SequenceEncoderCase.run(subject, shape, shape.batch(subject), lstm, WEIGHTS);
  }
}
