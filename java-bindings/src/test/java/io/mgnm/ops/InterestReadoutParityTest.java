package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Options;
import io.mgnm.ops.InterestReadout.Projection;
import io.mgnm.ops.InterestReadout.Readout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InterestReadoutParityTest {

  /** The tensors of one test, all of them kept. */
  private record Tensors(
      Batch batch,
      Tensor o,
      Tensor w,
      Tensor q,
      Tensor e,
      Tensor y,
      Tensor score,
      Tensor dY,
      Tensor dO,
      Tensor dW,
      Tensor dE) {

    static Tensors of(Subject subject, Batch batch, Options options, double scale) {
      BatchShape shape = batch.shape();
      int d = shape.d();
      int scores = options.scores(shape.levels());
      Scope scope = subject.scope();
      Tensor o = subject.input(capsules(batch), scale);
      Tensor w = subject.input(scope.floats(shape.interests() * d, d), 1 / Math.sqrt(d));
      Tensor e = subject.input(candidates(batch, d), 1);
      Tensor dY = subject.input(candidates(batch, scores), 1);
      return new Tensors(
          batch,
          o,
          w,
          subject.output("q", capsules(batch)),
          e,
          subject.output("y", candidates(batch, scores)),
          subject.output("score", candidates(batch, 1)),
          dY,
          subject.output("dO", capsules(batch)),
          options.projection() == Projection.RELU
              ? subject.output("dW", shape.interests() * d, d)
              : null,
          subject.output("dE", candidates(batch, d)));
    }

    void forward(InterestReadout readout) {
      readout.interests(batch, o, w, q);
      readout.scores(batch, q, e, y);
    }

    void backward(InterestReadout readout) {
      readout.backward(batch, o, w, q, e, dY, dO, dW, dE);
    }

    void all(InterestReadout readout) {
      forward(readout);
      readout.readout(batch, y, score);
      backward(readout);
    }

    private static Tensor capsules(Batch batch) {
      return batch.capsules(Axis.HISTORIES, batch.shape().d(), Lifetime.KEPT);
    }

    private static Tensor candidates(Batch batch, int width) {
      return batch.tensor(Axis.CANDIDATES, width, Lifetime.KEPT);
    }
  }

  static List<Options> options() {
    List<Options> all = new ArrayList<>();
    for (Projection projection : Projection.values()) {
      for (Attention attention : Attention.values()) {
        for (Readout readout : Readout.values()) {
          all.add(new Options(projection, attention, readout));
        }
      }
    }
    return all;
  }

  @Test
  void referenceBackwardIsTheDerivative() {
    int checked = 0;
    for (Options options : options()) {
      for (int seed = 1; seed <= 3; seed++) {
        checked += checkDerivative(options, seed) ? 1 : 0;
      }
    }
    assertThat(checked).isGreaterThan(options().size()); // the others came close to a kink of ReLU
  }

  private static boolean checkDerivative(Options options, long seed) {
    try (GradientCheck check = new GradientCheck(seed)) {
      Subject subject = check.subject();
      Batch batch = subject.batch(new int[] {3, 1, 5}, 4, 4, 3, 2);
      Tensors t = Tensors.of(subject, batch, options, 1);
      if (options.projection() == Projection.RELU && nearKink(t)) {
        return false;
      }
      InterestReadout readout = check.backend().interestReadout(options);
      List<Pair> inputs = new ArrayList<>(List.of(new Pair("o", t.o, t.dO)));
      inputs.add(new Pair("e", t.e, t.dE));
      if (t.dW != null) {
        inputs.add(new Pair("w", t.w, t.dW));
      }
      check.verify(
          () -> t.forward(readout),
          List.of(new Pair("y", t.y, t.dY)),
          () -> t.backward(readout),
          inputs);
      return true;
    }
  }

  /** Whether a component of o · W' is within 1e-3 of ReLU's kink. */
  private static boolean nearKink(Tensors t) {
    BatchShape shape = t.batch.shape();
    int d = shape.d();
    float[] o = t.o.download();
    float[] w = t.w.download();
    for (int capsule = 0; capsule < o.length / d; capsule++) {
      int matrix = capsule % shape.interests() * d * d;
      for (int out = 0; out < d; out++) {
        double sum = 0;
        for (int in = 0; in < d; in++) {
          sum += (double) o[capsule * d + in] * w[matrix + in * d + out];
        }
        if (Math.abs(sum) < 1e-3) {
          return true;
        }
      }
    }
    return false;
  }
}
