package io.mgnm.matrix.rows;

import io.mgnm.ops.Batch;
import io.mgnm.ops.TransformerEncoder;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code transformer_encoder}, with positions to spare. */
final class TransformerEncoderRow implements Row {
  private static final double WEIGHTS = 0.5;
  private static final int SPARE = 3;

  @Override
  public String stem() {
    return "transformer_encoder";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "backward");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Batch batch = shape.batch(subject);
    TransformerEncoder transformer =
        subject
            .backend()
            .transformerEncoder(
                new TransformerEncoder.Options(shape.d(), batch.shape().maxLength() + SPARE));
    SequenceEncoderCase.run(subject, shape, batch, transformer, WEIGHTS);
  }
}
