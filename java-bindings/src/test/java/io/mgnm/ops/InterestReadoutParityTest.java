package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Options;
import io.mgnm.ops.InterestReadout.Projection;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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
          options.projection().hasWeights() ? subject.output("dW", shape.interests() * d, d) : null,
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

  @ParameterizedTest
  @MethodSource("candidates")
  void theLastValueOfAnItemIsItsBias(Backend backend) {
    Options options = new Options(Projection.RELU_BIAS, Attention.LEVEL, Readout.SUM);
    try (backend;
        Subject subject = new Subject(backend, 5)) {
      Batch batch = subject.batch(new int[] {3, 1, 5}, 4, 16, 4, 4);
      Tensors t = Tensors.of(subject, batch, options, 1);
      InterestReadout readout = backend.interestReadout(options);
      t.all(readout);
      float[] before = t.y.download();
      float[] e = t.e.download();
      int last = 16 - 1;
      e[2 * 16 + last] += 0.5f;
      t.e.upload(e);
      t.forward(readout);
      float[] after = t.y.download();
      for (int i = 0; i < after.length; i++) {
        float moved = i / t.y.width() == 2 ? 0.5f : 0;
        assertThat(after[i] - before[i]).isCloseTo(moved, within(1e-5f));
      }
      float[] dW = t.dW.download();
      for (int row = 0; row < 4 * 16; row++) {
        assertThat(dW[row * 16 + last]).isZero();
      }
    }
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
      if (options.projection().hasWeights() && nearKink(t)) {
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

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("interest_readout");
  }

  /** Histories, candidates, d, levels, interests. */
  private record Size(int histories, int candidates, int d, int levels, int interests) {}

  private static final List<Size> SIZES =
      List.of(
          new Size(0, 6, 16, 4, 4),
          new Size(1, 6, 16, 4, 4),
          new Size(1, 1, 4, 1, 1),
          new Size(2, 17, 8, 2, 3),
          new Size(17, 16, 20, 4, 4),
          new Size(31, 6, 40, 3, 5),
          new Size(33, 2, 16, 6, 8),
          new Size(5, 33, 64, 5, 7),
          new Size(64, 3, 32, 2, 2),
          new Size(3, 100, 16, 4, 6),
          new Size(97, 7, 16, 4, 4),
          new Size(200, 6, 4, 1, 3),
          new Size(300, 1, 8, 1, 1));

  /**
   * Each set of d, levels and interests is a compilation, so there are few; the matrix has more.
   */
  private static final List<Size> CUDA_SIZES =
      List.of(
          new Size(0, 6, 16, 4, 4),
          new Size(1, 6, 16, 4, 4),
          new Size(17, 16, 16, 4, 4),
          new Size(31, 1, 16, 4, 4),
          new Size(3, 33, 16, 4, 4),
          new Size(2, 100, 16, 4, 4), // two candidates a lane
          new Size(5, 6, 7, 3, 2), // no rows of whole 16 bytes
          new Size(5, 17, 40, 1, 5),
          new Size(2, 6, 64, 6, 8)); // interests in groups; a joint softmax in chunks

  /** All options; for sizes that need compilations of their own two that differ in everything. */
  private static List<Options> options(Backend backend, Size size) {
    return !cuda(backend) || (size.d == 16 && size.candidates < 64)
        ? options()
        : List.of(
            new Options(Projection.RELU, Attention.LEVEL, Readout.MAX),
            new Options(
                size.d == 64 ? Projection.RELU : Projection.NONE, Attention.JOINT, Readout.SUM));
  }

  /** On CUDA the size that is compiled already. */
  private static Size size(Backend backend, Size size) {
    return cuda(backend) ? new Size(size.histories, size.candidates, 16, 4, 4) : size;
  }

  private static boolean cuda(Backend backend) {
    return backend.name().equals("cuda");
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      int number = 0;
      for (Size size : cuda(backend) ? CUDA_SIZES : SIZES) {
        for (Options options : options(backend, size)) {
          agrees(backend, size, options, number++);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  @Tag("long")
  void agreesWithTheReferenceInEverySize(Backend backend) {
    try (backend) {
      for (int i = 0; i < SIZES.size() * 3; i++) {
        agrees(backend, SIZES.get(i / 3), options().get((i * 5 + 1) % options().size()), i);
      }
    }
  }

  private static void agrees(Backend backend, Size size, Options options, int number) {
    double scale = new double[] {1, 1e-3, 30}[number % 3];
    Parity.check(
        "interest_readout %s %s, scale %g".formatted(size, options, scale),
        backend,
        number + 1,
        subject ->
            Tensors.of(subject, batch(subject, size), options, scale)
                .all(subject.backend().interestReadout(options)));
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesForZeroAndForLargeVectors(Backend backend) {
    try (backend) {
      for (Options options : options()) {
        for (float factor : new float[] {0, 1e4f}) {
          Parity.check(
              "interest_readout %s, o times %g".formatted(options, factor),
              backend,
              11,
              subject -> {
                Tensors t =
                    Tensors.of(subject, batch(subject, new Size(9, 6, 16, 4, 4)), options, 1);
                float[] o = t.o.download();
                for (int i = 0; i < o.length; i++) {
                  o[i] *= i / 16 % 3 == 0 ? factor : 1;
                }
                t.o.upload(o);
                t.all(subject.backend().interestReadout(options));
              });
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void bitsDependNeitherOnThreadsNorOnRecording(Backend backend) {
    try (backend) {
      List<Size> sizes =
          cuda(backend)
              ? List.of(new Size(19, 6, 16, 4, 4))
              : List.of(new Size(40, 6, 16, 4, 4), new Size(150, 5, 20, 3, 3));
      for (Options options : options()) {
        for (Size size : sizes) {
          float[][] expected = results(backend, size, options, false);
          assertThat(results(backend, size, options, true)).isDeepEqualTo(expected);
          for (int threads : cuda(backend) ? new int[0] : new int[] {1, 3}) {
            try (Backend other = Backends.open(backend.name(), new BackendOptions(threads))) {
              assertThat(results(other, size, options, false)).isDeepEqualTo(expected);
              assertThat(results(other, size, options, true)).isDeepEqualTo(expected);
            }
          }
        }
      }
    }
  }

  /** All outputs, from immediate calls or from one recording with local tensors in between. */
  private static float[][] results(Backend backend, Size size, Options options, boolean record) {
    try (Subject subject = new Subject(backend, 21)) {
      Batch batch = batch(subject, size);
      Tensors t = Tensors.of(subject, batch, options, 1);
      InterestReadout readout = backend.interestReadout(options);
      if (record) {
        Tensor q = batch.capsules(Axis.HISTORIES, size.d, Lifetime.LOCAL);
        int scores = options.scores(size.levels);
        Tensor y = batch.tensor(Axis.CANDIDATES, scores, Lifetime.LOCAL);
        Runnable code =
            () -> {
              readout.interests(batch, t.o, t.w, q);
              readout.interests(batch, t.o, t.w, t.q);
              readout.scores(batch, q, t.e, y);
              readout.scores(batch, q, t.e, t.y);
              readout.readout(batch, y, t.score);
              readout.backward(batch, t.o, t.w, q, t.e, t.dY, t.dO, t.dW, t.dE);
            };
        try (Sequence sequence = backend.record("readout", code)) {
          sequence.run();
          sequence.run(); // sums start anew
        }
      } else {
        t.all(readout);
      }
      return subject.outputs().values().stream().map(Tensor::download).toArray(float[][]::new);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aHistoryAloneIsTheHistoryInABatch(Backend backend) {
    Size size = size(backend, new Size(23, 18, 20, 3, 3));
    int capsule = size.levels * size.interests * size.d;
    try (backend) {
      for (Options options : options()) {
        try (Subject subject = new Subject(backend, 31)) {
          InterestReadout readout = backend.interestReadout(options);
          Tensors all = Tensors.of(subject, batch(subject, size), options, 1);
          all.all(readout);
          for (int b : new int[] {0, 7, 22}) {
            Size single = new Size(1, size.candidates, size.d, size.levels, size.interests);
            Tensors one = Tensors.of(subject, batch(subject, single), options, 1);
            one.o.upload(part(all.o, b, capsule));
            one.w.upload(all.w.download());
            one.e.upload(part(all.e, b, size.candidates * size.d));
            one.dY.upload(part(all.dY, b, size.candidates * all.dY.width()));
            one.all(readout);
            assertThat(one.q.download()).isEqualTo(part(all.q, b, capsule));
            assertThat(one.y.download()).isEqualTo(part(all.y, b, one.y.size()));
            assertThat(one.score.download()).isEqualTo(part(all.score, b, size.candidates));
            assertThat(one.dO.download()).isEqualTo(part(all.dO, b, capsule));
            assertThat(one.dE.download()).isEqualTo(part(all.dE, b, one.dE.size()));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aScoreIsAnAverageOfItsInterestsScores(Backend backend) {
    Size size = new Size(12, 9, 16, 4, 4);
    try (backend;
        Subject subject = new Subject(backend, 41)) {
      for (Options options : options()) {
        Tensors t = Tensors.of(subject, batch(subject, size), options, 3);
        t.all(backend.interestReadout(options));
        float[] q = t.q.download();
        float[] e = t.e.download();
        float[] y = t.y.download();
        int levels = t.y.width();
        int over = size.levels * size.interests / levels;
        for (int i = 0; i < y.length; i++) {
          int row = i / levels;
          int first = row / size.candidates * size.levels * size.interests + i % levels * over;
          double least = Double.POSITIVE_INFINITY;
          double most = Double.NEGATIVE_INFINITY;
          for (int j = first; j < first + over; j++) {
            double s = 0;
            for (int k = 0; k < size.d; k++) {
              s += (double) q[j * size.d + k] * e[row * size.d + k];
            }
            least = Math.min(least, s);
            most = Math.max(most, s);
          }
          assertThat((double) y[i]).isBetween(least - 1e-4, most + 1e-4);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void notANumberReachesTheScoresOfItsHistoryOnly(Backend backend) {
    Size size = size(backend, new Size(20, 5, 8, 2, 3));
    int capsule = size.levels * size.interests * size.d;
    try (backend;
        Subject subject = new Subject(backend, 51)) {
      for (Options options : options()) {
        Tensors t = Tensors.of(subject, batch(subject, size), options, 1);
        float[] o = t.o.download();
        o[4 * capsule + 2] = Float.NaN;
        t.o.upload(o);
        t.all(backend.interestReadout(options));
        float[] scores = t.score.download();
        float[] dE = t.dE.download();
        for (int b = 0; b < size.histories; b++) {
          for (int c = b * size.candidates; c < (b + 1) * size.candidates; c++) {
            assertThat(Float.isNaN(scores[c])).isEqualTo(b == 4);
            assertThat(Float.isNaN(dE[c * size.d + 2])).isEqualTo(b == 4);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    Options options = new Options(Projection.RELU, Attention.LEVEL, Readout.MAX);
    try (backend;
        Subject subject = new Subject(backend, 61)) {
      Tensors t = Tensors.of(subject, batch(subject, new Size(2, 3, 4, 2, 3)), options, 1);
      InterestReadout readout = backend.interestReadout(options);
      Tensor other = subject.scope().floats(4, 12);
      assertThatThrownBy(() -> readout.interests(t.batch, t.o, other, t.q))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("interest_readout.interests: w: expected fixed 12 x 4, got fixed 4 x 12");
      assertThatThrownBy(() -> readout.scores(t.batch, t.q, t.e, t.score))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("interest_readout.scores: y: expected candidates x 2, got candidates x 1");
      assertThatThrownBy(() -> readout.readout(t.batch, t.y, t.y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("score: expected candidates x 1");
      assertThatThrownBy(
              () -> readout.backward(t.batch, t.o, t.w, t.q, t.e, t.dY, t.dO, other, t.dE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected fixed 12 x 4, got fixed 4 x 12");
    }
  }

  private static Batch batch(Subject subject, Size size) {
    int[] lengths = new int[size.histories];
    Arrays.setAll(lengths, b -> 1 + b * 7 % 13); // unequal, so that lanes are not in order
    return subject.batch(lengths, size.candidates, size.d, size.levels, size.interests);
  }

  private static float[] part(Tensor tensor, int b, int size) {
    return Arrays.copyOfRange(tensor.download(), b * size, (b + 1) * size);
  }
}
