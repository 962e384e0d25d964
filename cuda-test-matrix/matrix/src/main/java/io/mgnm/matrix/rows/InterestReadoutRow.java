package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Options;
import io.mgnm.ops.InterestReadout.Projection;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code interest_readout}: as many histories as the size says, or as many candidates. */
final class InterestReadoutRow implements Row {
  private static final List<Options> OPTIONS =
      List.of(
          new Options(Projection.RELU, Attention.LEVEL, Readout.MAX),
          new Options(Projection.RELU, Attention.LEVEL, Readout.SUM),
          new Options(Projection.NONE, Attention.JOINT, Readout.MAX),
          new Options(Projection.RELU, Attention.JOINT, Readout.SUM),
          new Options(Projection.NONE, Attention.LEVEL, Readout.SUM),
          new Options(Projection.RELU_BIAS, Attention.LEVEL, Readout.SUM));

  @Override
  public String stem() {
    return "interest_readout";
  }

  @Override
  public List<String> directions() {
    return List.of("interests", "scores", "readout", "backward");
  }

  @Override
  public List<String> variants() {
    return OPTIONS.stream().map(Options::toString).toList();
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Options options = OPTIONS.get(shape.variant());
    int d = shape.d();
    Batch batch = shape.candidates(subject);
    int k = shape.interests();
    int scores = options.scores(shape.levels());
    Tensor o = Shape.inputCapsules(subject, batch, Axis.HISTORIES, d, shape.size().scale());
    Tensor w = subject.input(subject.scope().floats(k * d, d), 1 / Math.sqrt(d));
    Tensor e = Shape.input(subject, batch, Axis.CANDIDATES, d, 1);
    Tensor dY = Shape.input(subject, batch, Axis.CANDIDATES, scores, 1);
    Tensor q = Shape.outputCapsules(subject, batch, "interests.q", Axis.HISTORIES, d);
    Tensor y = Shape.output(subject, batch, "scores.y", Axis.CANDIDATES, scores);
    InterestReadout readout = subject.backend().interestReadout(options);
    readout.interests(batch, o, w, q);
    readout.scores(batch, q, e, y);
    readout.readout(batch, y, Shape.output(subject, batch, "readout.score", Axis.CANDIDATES, 1));
    boolean projects = options.projection().hasWeights();
    readout.backward(
        batch,
        o,
        w,
        q,
        e,
        dY,
        Shape.outputCapsules(subject, batch, "backward.dO", Axis.HISTORIES, d),
        projects ? subject.output("backward.dW", k * d, d) : null,
        Shape.output(subject, batch, "backward.dE", Axis.CANDIDATES, d));
  }
}
