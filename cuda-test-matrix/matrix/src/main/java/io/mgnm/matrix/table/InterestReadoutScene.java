package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Options;
import io.mgnm.ops.InterestReadout.Projection;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code interest_readout} with the default options. */
final class InterestReadoutScene implements Scene {
  private static final int B = Stage.HISTORIES;
  private static final int C = Stage.CANDIDATES;
  private static final int D = Stage.D;
  private static final int K = Stage.INTERESTS;
  private static final int LEVELS = Stage.LEVELS;
  private static final int S = Stage.CAPSULES;

  @Override
  public String stem() {
    return "interest_readout";
  }

  @Override
  public List<Act> acts(Stage stage) {
    Batch batch = stage.batch();
    Tensor o = stage.inputCapsules(Axis.HISTORIES, D, 1);
    Tensor w = stage.weights(K * D, D);
    Tensor e = stage.input(Axis.CANDIDATES, D, 1);
    Tensor dY = stage.input(Axis.CANDIDATES, LEVELS, 1);
    Tensor q = stage.outputCapsules(Axis.HISTORIES, D);
    Tensor y = stage.output(Axis.CANDIDATES, LEVELS);
    Tensor score = stage.output(Axis.CANDIDATES, 1);
    Tensor dO = stage.outputCapsules(Axis.HISTORIES, D);
    Tensor dW = stage.scope().floats(K * D, D);
    Tensor dE = stage.output(Axis.CANDIDATES, D);
    InterestReadout readout =
        stage.backend().interestReadout(new Options(Projection.RELU, Attention.LEVEL, Readout.MAX));
    readout.interests(batch, o, w, q);
    readout.scores(batch, q, e, y);
    Array outputs = stage.array(o, 1, B * LEVELS, K, D).permute(0, 2, 1, 3);
    Array weights = stage.array(w, 1, K, D, D);
    Array interests = stage.array(q, B, 1, S, D);
    Array candidates = stage.array(e, B, 1, C, D);
    Array scores = stage.array(y, 1, B, C, LEVELS);
    Array gradients = stage.array(dY, B, 1, C, LEVELS).permute(0, 3, 1, 2);
    return List.of(
        new Act(
            "interests",
            () -> readout.interests(batch, o, w, q),
            List.of(o),
            List.of(w),
            List.of(q),
            () ->
                List.of(
                    outputs
                        .matmul(weights)
                        .map(Pointwise.LEAKY, 0)
                        .permute(0, 2, 1, 3)
                        .download())),
        new Act(
            "scores",
            () -> readout.scores(batch, q, e, y),
            List.of(q, e),
            List.of(),
            List.of(y),
            () -> {
              Array s = interests.matmul(candidates.transposed()).reshape(B, LEVELS, K, C);
              Array mixed = s.softmax(2).times(s).sum(2);
              return List.of(mixed.permute(0, 3, 2, 1).download());
            }),
        new Act(
            "readout",
            () -> readout.readout(batch, y, score),
            List.of(y),
            List.of(),
            List.of(score),
            () -> List.of(scores.max(3).download())),
        new Act(
            "backward",
            () -> readout.backward(batch, o, w, q, e, dY, dO, dW, dE),
            List.of(o, q, e, dY),
            List.of(w),
            List.of(dO, dW, dE),
            () -> backward(outputs, weights, interests, candidates, gradients)));
  }

  private static List<float[]> backward(Array o, Array w, Array q, Array e, Array dY) {
    Array s = q.matmul(e.transposed()).reshape(B, LEVELS, K, C);
    Array a = s.softmax(2);
    Array y = a.times(s).sum(2);
    Array weighted = a.times(s.minus(y).plus(1)).times(dY).reshape(B, 1, S, C);
    Array dE = weighted.transposed().matmul(q);
    Array dQ = q.passWherePositive(weighted.matmul(e), 0);
    Array byInterest = dQ.reshape(1, B * LEVELS, K, D).permute(0, 2, 1, 3);
    Array dO = byInterest.matmul(w.transposed()).permute(0, 2, 1, 3);
    Array dW = o.productOverRows(byInterest);
    return List.of(dO.download(), dW.download(), dE.download());
  }
}
