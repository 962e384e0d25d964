package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TransformerEncoder;
import io.mgnm.ops.TransformerEncoder.Options;
import java.util.List;

/** {@code transformer_encoder}, of fewer histories than the others. */
final class TransformerEncoderScene implements Scene {
  static final int HISTORIES = 64;

  private static final int N = Stage.ITEMS;
  private static final int D = Stage.D;
  private static final Options OPTIONS = new Options(D, N);

  @Override
  public String stem() {
    return "transformer_encoder";
  }

  @Override
  public List<Act> acts(Stage whole) {
    Stage stage = whole.withHistories(HISTORIES);
    TransformerEncoder encoder = stage.backend().transformerEncoder(OPTIONS);
    Tensor z = stage.inputCapsules(Axis.ITEMS, D, 1);
    Tensor dY = stage.inputCapsules(Axis.ITEMS, D, 1);
    Tensor w = stage.weights(1, encoder.weights());
    Tensor y = stage.outputCapsules(Axis.ITEMS, D);
    Tensor dZ = stage.outputCapsules(Axis.ITEMS, D);
    Tensor dW = stage.scope().floats(1, encoder.weights());
    Tensor tape = encoder.tape(stage.batch(), Lifetime.KEPT);
    Array inputs = bySequence(stage, z);
    Array gradients = bySequence(stage, dY);
    UnfusedTransformer block = new UnfusedTransformer(stage.eager(), OPTIONS, w.download());
    return List.of(
        new Act(
            "forward",
            () -> encoder.forward(stage.batch(), z, w, y, tape),
            List.of(z),
            List.of(w),
            List.of(y),
            () -> List.of(canonical(block.forward(inputs)))),
        new Act(
            "backward",
            () -> encoder.backward(stage.batch(), z, w, y, tape, dY, dZ, dW),
            List.of(z, dY),
            List.of(w),
            List.of(dZ, dW),
            () -> List.of(canonical(block.backward(gradients)), block.weightGradients())));
  }

  /** {@code [sequence][1][position][d]}. */
  private static Array bySequence(Stage stage, Tensor capsules) {
    return stage
        .array(capsules, HISTORIES, N, Stage.CAPSULES, D)
        .permute(0, 2, 1, 3)
        .reshape(HISTORIES * Stage.CAPSULES, 1, N, D);
  }

  private static float[] canonical(Array bySequence) {
    return bySequence.reshape(HISTORIES, Stage.CAPSULES, N, D).permute(0, 2, 1, 3).download();
  }
}
