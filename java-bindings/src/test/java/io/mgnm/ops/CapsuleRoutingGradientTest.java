package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.CapsuleRouting.Encoded;
import io.mgnm.ops.CapsuleRouting.Gradient;
import io.mgnm.ops.CapsuleRouting.Options;
import io.mgnm.ops.CapsuleRouting.Softmax;
import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference's routing against central differences, alone and around a smooth encoder. */
class CapsuleRoutingGradientTest {
  private static final int[] LENGTHS = {1, 4, 3};
  private static final int D = 3;
  private static final int LEVELS = 2;
  private static final int INTERESTS = 2;

  static Stream<Options> full() {
    return options(Gradient.FULL);
  }

  static Stream<Options> last() {
    return options(Gradient.LAST);
  }

  private static Stream<Options> options(Gradient gradient) {
    List<Options> all = new ArrayList<>();
    for (int iterations = 1; iterations <= 4; iterations++) {
      for (Softmax softmax : Softmax.values()) {
        for (Encoded encoded : Encoded.values()) {
          all.add(new Options(iterations, softmax, gradient, encoded));
        }
      }
    }
    return all.stream();
  }

  /** Every tensor of one routing, and an encoder's part between its halves. */
  private static final class Setup implements AutoCloseable {
    final GradientCheck check = new GradientCheck(5);
    final Batch batch = check.subject().batch(LENGTHS, 0, D, LEVELS, INTERESTS);
    final CapsuleRouting routing;
    final boolean encoder;
    final Tensor z = check.subject().input(vectors(), 1);
    final Tensor logits = check.subject().input(logits(), 1);
    final Tensor updated = check.subject().input(logits(), 1);
    final Tensor y = check.subject().input(vectors(), 1);
    final Tensor o = batch.capsules(Axis.HISTORIES, D, Lifetime.KEPT);
    final Tensor dO = batch.capsules(Axis.HISTORIES, D, Lifetime.KEPT);
    final Tensor dY = vectors();
    final Tensor dDirect = vectors();
    final Tensor dZ = vectors();
    final Tensor dUpdated = logits();

    Setup(Options options) {
      routing = check.backend().capsuleRouting(options);
      encoder = options.iterations() > 1;
    }

    Tensor vectors() {
      return batch.capsules(Axis.ITEMS, D, Lifetime.KEPT);
    }

    Tensor logits() {
      return batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
    }

    void after() {
      routing.after(batch, z, y, updated, o);
    }

    void afterBackward() {
      routing.afterBackward(batch, z, y, updated, dO, dY, dUpdated, dDirect);
    }

    /** Both halves, from z and the first logits to o. With one iteration y is z itself. */
    void whole() {
      if (encoder) {
        routing.before(batch, z, logits, updated);
        ReferenceBackend.setValues(y, encode(ReferenceBackend.values(z)));
        after();
      } else {
        routing.after(batch, z, z, logits, o);
      }
    }

    void wholeBackward() {
      if (encoder) {
        afterBackward();
        double[] dOfY = ReferenceBackend.values(dY);
        ReferenceBackend.setValues(dZ, encodeBackward(ReferenceBackend.values(z), dOfY));
        routing.beforeBackward(batch, z, logits, dUpdated, dDirect, dZ);
      } else {
        routing.afterBackward(batch, z, z, logits, dO, dY, dUpdated, dDirect);
      }
    }

    /** y = z + ½ sin(2z + next position's z): smooth, and reaching over positions. */
    double[] encode(double[] from) {
      double[] to = from.clone();
      eachNeighbour((at, next) -> to[at] += Math.sin(argument(from, at, next)) / 2);
      return to;
    }

    double[] encodeBackward(double[] from, double[] gradient) {
      double[] result = gradient.clone();
      eachNeighbour(
          (at, next) -> {
            double slope = Math.cos(argument(from, at, next)) / 2 * gradient[at];
            result[at] += 2 * slope;
            if (next >= 0) {
              result[next] += slope;
            }
          });
      return result;
    }

    private static double argument(double[] from, int at, int next) {
      return 2 * from[at] + (next < 0 ? 0 : from[next]);
    }

    private interface Neighbours {
      void visit(int at, int next);
    }

    private void eachNeighbour(Neighbours visitor) {
      int row = LEVELS * INTERESTS * D;
      int first = 0;
      for (int n : LENGTHS) {
        for (int i = first; i < first + n * row; i++) {
          visitor.visit(i, i + row < first + n * row ? i + row : -1);
        }
        first += n * row;
      }
    }

    @Override
    public void close() {
      check.close();
    }
  }

  @ParameterizedTest
  @MethodSource("full")
  void beforeIsDifferentiated(Options options) {
    try (Setup s = new Setup(options)) {
      s.check.verify(
          () -> s.routing.before(s.batch, s.z, s.logits, s.updated),
          List.of(new Pair("updated", s.updated, s.dUpdated)),
          () -> {
            s.dDirect.upload(new float[s.dDirect.size()]);
            s.dZ.upload(new float[s.dZ.size()]);
            s.routing.beforeBackward(s.batch, s.z, s.logits, s.dUpdated, s.dDirect, s.dZ);
          },
          List.of(new Pair("z", s.z, s.dZ)));
    }
  }

  @ParameterizedTest
  @MethodSource("full")
  void afterIsDifferentiated(Options options) {
    try (Setup s = new Setup(options)) {
      List<Pair> inputs = new ArrayList<>();
      inputs.add(new Pair("y", s.y, s.dY));
      inputs.add(new Pair("updated", s.updated, s.dUpdated));
      if (options.encoded() == Encoded.AGREEMENT) {
        inputs.add(new Pair("z", s.z, s.dDirect));
      }
      s.check.verify(s::after, List.of(new Pair("o", s.o, s.dO)), s::afterBackward, inputs);
    }
  }

  @ParameterizedTest
  @MethodSource("full")
  void halvesComposeAroundAnEncoder(Options options) {
    try (Setup s = new Setup(options)) {
      s.check.verify(
          s::whole,
          List.of(new Pair("o", s.o, s.dO)),
          s::wholeBackward,
          List.of(new Pair("z", s.z, gradientByZ(s, options))));
    }
  }

  @ParameterizedTest
  @MethodSource("last")
  void lastHoldsTheLastCouplingsConstant(Options options) {
    try (Setup s = new Setup(options)) {
      s.whole();
      double[] constant = lastCouplings(s, options);
      double[] expected = ReferenceBackend.values(s.o);
      double[] outputs = outputs(s, options, constant);
      for (int i = 0; i < expected.length; i++) { // so the couplings are the right ones
        assertThat(outputs[i]).isCloseTo(expected[i], within(1e-12));
      }
      s.check.verify(
          () -> ReferenceBackend.setValues(s.o, outputs(s, options, constant)),
          List.of(new Pair("o", s.o, s.dO)),
          () -> {
            s.whole(); // y and the logits are those of the moved z otherwise
            s.wholeBackward();
          },
          List.of(new Pair("z", s.z, gradientByZ(s, options))));
      assertThat(s.dUpdated.download()).containsOnly(0f);
    }
  }

  /** With one iteration nothing is called after {@code afterBackward}: its own results count. */
  private static Tensor gradientByZ(Setup s, Options options) {
    if (s.encoder) {
      return s.dZ;
    }
    return options.encoded() == Encoded.AGREEMENT ? s.dDirect : s.dY;
  }

  /** Σ c (·) squashed, with the given couplings, from z as it is now. */
  private static double[] outputs(Setup s, Options options, double[] c) {
    double[] z = ReferenceBackend.values(s.z);
    boolean encoded = s.encoder && options.encoded() == Encoded.EVERYWHERE;
    return squashedSums(c, encoded ? s.encode(z) : z);
  }

  /** The last iteration's couplings, by the equations once more: (6) to (9) on flat arrays. */
  private static double[] lastCouplings(Setup s, Options options) {
    double[] z = ReferenceBackend.values(s.z);
    double[] y = s.encoder ? s.encode(z) : z;
    double[] g = ReferenceBackend.values(s.logits);
    for (int t = 1; t < options.iterations(); t++) {
      boolean first = t == 1;
      boolean everywhere = options.encoded() == Encoded.EVERYWHERE;
      double[] summed = first || !everywhere ? z : y;
      double[] agreeing = !first && (everywhere || t == 2) ? y : z;
      double[] o = squashedSums(couplings(g, options.softmax()), summed);
      double[] next = g.clone();
      eachCell(
          (row, b, cell) -> next[cell(row, cell)] += dot(o, cell(b, cell), agreeing, row, cell));
      g = next;
    }
    return couplings(g, options.softmax());
  }

  private static double dot(double[] o, int capsule, double[] z, int row, int cell) {
    double sum = 0;
    for (int k = 0; k < D; k++) {
      sum += o[capsule * D + k] * z[cell(row, cell) * D + k];
    }
    return sum;
  }

  private static double[] couplings(double[] g, Softmax softmax) {
    double[] sums = new double[g.length];
    eachCell((row, b, cell) -> sums[group(softmax, row, b, cell)] += Math.exp(g[cell(row, cell)]));
    double[] c = new double[g.length];
    eachCell(
        (row, b, cell) ->
            c[cell(row, cell)] = Math.exp(g[cell(row, cell)]) / sums[group(softmax, row, b, cell)]);
    return c;
  }

  /** Cells with one number share a sum of couplings. */
  private static int group(Softmax softmax, int row, int b, int cell) {
    return softmax == Softmax.POSITIONS ? cell(b, cell) : row * LEVELS + cell / INTERESTS;
  }

  private static double[] squashedSums(double[] c, double[] z) {
    double[] v = new double[LENGTHS.length * LEVELS * INTERESTS * D];
    eachCell(
        (row, b, cell) -> {
          for (int k = 0; k < D; k++) {
            v[cell(b, cell) * D + k] += c[cell(row, cell)] * z[cell(row, cell) * D + k];
          }
        });
    for (int from = 0; from < v.length; from += D) {
      double square = Arrays.stream(v, from, from + D).map(x -> x * x).sum();
      for (int k = from; k < from + D; k++) {
        v[k] *= Math.sqrt(square) / (1 + square);
      }
    }
    return v;
  }

  private interface Cell {
    void visit(int row, int history, int cell);
  }

  private static void eachCell(Cell visitor) {
    int row = 0;
    for (int b = 0; b < LENGTHS.length; b++) {
      for (int j = 0; j < LENGTHS[b]; j++, row++) {
        for (int cell = 0; cell < LEVELS * INTERESTS; cell++) {
          visitor.visit(row, b, cell);
        }
      }
    }
  }

  private static int cell(int row, int cell) {
    return row * LEVELS * INTERESTS + cell;
  }
}
