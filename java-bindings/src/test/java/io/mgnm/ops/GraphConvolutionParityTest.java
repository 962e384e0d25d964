package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.GradientCheck.Weighted;
import io.mgnm.ops.GraphConvolution.Input;
import io.mgnm.ops.GraphConvolution.Normalisation;
import io.mgnm.ops.GraphConvolution.Options;
import io.mgnm.ops.parity.Bounds;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GraphConvolutionParityTest {
  private static final int[][] LENGTHS = {
    {}, {1}, {2}, {15, 16, 17}, {33, 31, 32}, {65, 1, 63, 64}, {97}, {100, 1, 200, 3}
  };
  private static final int[] WIDTHS = {4, 8, 16, 20, 32, 40, 64};

  /** The width that each of {@link #LENGTHS} has on CUDA; 97 items of 64 are streamed there. */
  private static final int[] CUDA_WIDTHS = {16, 16, 16, 32, 40, 20, 64, 8};

  private static final int[] THOUSAND = {1000, 7};
  private static final Options DEFAULT =
      new Options(Normalisation.SYMMETRIC, true, Input.PREVIOUS, 0.2f, 0.1f);

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("graph_convolution");
  }

  static Stream<Backend> cuda() {
    return candidates().filter(GraphConvolutionParityTest::isCuda);
  }

  private static boolean isCuda(Backend backend) {
    return backend.name().equals("cuda");
  }

  /**
   * The candidates with the options that each gets. Kernels are compiled for every set of them, and
   * the simulated device is slow: the CUDA devices share them out.
   */
  static Stream<Arguments> candidatesWithOptions() {
    AtomicInteger devices = new AtomicInteger();
    return candidates()
        .map(backend -> Arguments.of(backend, isCuda(backend) ? share(devices) : everyOption()));
  }

  private static List<Options> share(AtomicInteger devices) {
    List<Options> all = everyOption();
    int device = devices.getAndIncrement();
    return IntStream.range(0, all.size()).filter(i -> i % 3 == device).mapToObj(all::get).toList();
  }

  static List<Options> everyOption() {
    List<Options> all = new ArrayList<>();
    for (Normalisation normalisation : Normalisation.values()) {
      for (Input input : Input.values()) {
        all.add(new Options(normalisation, true, input, 0.2f, 0.5f));
        all.add(new Options(normalisation, false, input, 0, 0));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("everyOption")
  void referenceBackwardIsTheDerivative(Options options) {
    for (int layers : new int[] {0, 1, 2, 4}) {
      long seed = 1;
      while (!gradientHolds(options, layers, seed)) {
        seed++;
      }
    }
  }

  /** Whether the seed's inputs are away from the kinks of LeakyReLU; if so, checks the gradient. */
  private static boolean gradientHolds(Options options, int layers, long seed) {
    try (GradientCheck check = new GradientCheck(seed)) {
      Case c = new Case(check.subject(), new int[] {3, 1, 5}, 4, layers, 1);
      c.forward(options);
      for (float value : c.levels.download()) {
        float y = value > 0 ? value : value / options.slope(); // NaN where the slope is 0
        if (Math.abs(y) < 1e-3f) {
          return false;
        }
      }
      check.verify(
          () -> c.forward(options),
          List.of(new Pair("levels", c.levels, c.dLevels)),
          List.of(new Weighted(c.l1, options.l1())),
          () -> c.backward(options),
          List.of(new Pair("x", c.x, c.dX), new Pair("u", c.u, c.dU), new Pair("w", c.w, c.dW)));
      return true;
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      if (isCuda(backend)) {
        for (int i = 0; i < LENGTHS.length; i++) {
          compareDefault(backend, LENGTHS[i], CUDA_WIDTHS[i]);
        }
      } else {
        agreesInEverySize(backend);
      }
    }
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("cuda")
  void agreesWithTheReferenceInEverySize(Backend backend) {
    try (backend) {
      agreesInEverySize(backend);
      compare(backend, THOUSAND, 8, 2, 0.5, DEFAULT);
    }
  }

  private static void agreesInEverySize(Backend backend) {
    List<Options> options = everyOption();
    int number = 0;
    for (int[] lengths : LENGTHS) {
      for (int d : WIDTHS) {
        Options varied = options.get(number % options.size());
        compare(backend, lengths, d, number % 6, 0.5, withL1(varied, l1(lengths)));
        if (number % 2 == 0) {
          compareDefault(backend, lengths, d);
        }
        number++;
      }
    }
  }

  private static void compareDefault(Backend backend, int[] lengths, int d) {
    compare(backend, lengths, d, 3, 0.5, withL1(DEFAULT, l1(lengths)));
  }

  /**
   * One item's P is constant, and two items' nearly: of their gradient only the L1 term is left,
   * and must be large for the rounding of what cancels to be measured by.
   */
  private static float l1(int[] lengths) {
    return lengths.length == 1 && lengths[0] <= 2 ? 10 : 0.1f;
  }

  private static Options withL1(Options options, float l1) {
    return new Options(
        options.normalisation(), options.userAware(), options.input(), options.slope(), l1);
  }

  @ParameterizedTest
  @MethodSource("candidatesWithOptions")
  void agreesWithEveryOptionAndDepth(Backend backend, List<Options> several) {
    try (backend) {
      for (int i = 0; i < several.size(); i++) {
        for (int layers = 0; layers <= 5; layers++) {
          if (!isCuda(backend) || layers == 2 + i % 4) {
            compare(backend, new int[] {20, 47}, 12, layers, 0.6, several.get(i));
          }
        }
        compare(backend, new int[] {20, 17}, 12, 2 + i % 4, 30, several.get(i)); // saturates
      }
    }
  }

  @ParameterizedTest
  @MethodSource("io.mgnm.ops.TestBackends#candidates")
  void agreesForAHistoryOfAThousand(Backend backend) {
    try (backend) {
      compare(backend, THOUSAND, 8, 2, 0.5, DEFAULT);
    }
  }

  /** Compares forward and backward; the backward is given the true levels, so no kink decides. */
  private static void compare(
      Backend backend, int[] lengths, int d, int layers, double scale, Options options) {
    Parity.check(
        "histories of %s, d %d, L %d, scale %g, %s"
            .formatted(Arrays.toString(lengths), d, layers, scale, options),
        backend,
        lengths.length * 100 + d,
        subject -> {
          Case c = new Case(subject, lengths, d, layers, scale);
          subject.output("levels", c.levels);
          subject.output("l1", c.l1);
          c.forward(options);
          Tensor levels = c.batch.tensor(Axis.ITEMS, c.levels.width(), Lifetime.KEPT);
          levels.upload(trueLevels(c, options));
          subject.output("dX", c.dX);
          subject.output("dU", c.dU);
          Tensor dW = subject.output("dW", d, d);
          c.graph(options).backward(c.batch, c.x, c.u, c.w, levels, c.dLevels, c.dX, c.dU, dW);
        });
  }

  private static float[] trueLevels(Case c, Options options) {
    try (Subject truth = new Subject(new ReferenceBackend(Precision.DOUBLE), 1)) {
      Case same = new Case(truth, c.batch, c.x.download(), c.u.download(), c.w.download());
      same.forward(options);
      return same.levels.download();
    }
  }

  /** Below −87 D is 0, above it D is tiny and 1/D near the end of float's range. */
  @ParameterizedTest
  @MethodSource("candidatesWithOptions")
  void aDegreeThatUnderflowsGivesNoNeighbours(Backend backend, List<Options> several) {
    try (backend) {
      for (float logit : new float[] {-1e4f, -88, -80}) {
        for (Options options : several) {
          if (isCuda(backend) && !options.userAware()) {
            continue; // the logits above are u's
          }
          Parity.check(
              "logits of " + logit + ", " + options,
              backend,
              9,
              Bounds.CANCELLING,
              subject -> {
                // x_i = (1, small, ±¼, 0) and u = (logit, 1, ½, 0): every logit is about the same
                Batch batch = subject.batch(new int[] {3, 20}, 0, 4, 3, 1);
                float[] x = new float[23 * 4];
                for (int i = 0; i < 23; i++) {
                  x[i * 4] = 1;
                  x[i * 4 + 1] = (i % 5 - 2.5f) / 64;
                  x[i * 4 + 2] = i % 2 == 0 ? 0.25f : -0.25f;
                }
                float[] u = {logit, 1, 0.5f, 0, logit, 1, 0.5f, 0};
                float[] w = new float[16];
                for (int i = 0; i < 16; i++) {
                  w[i] = (i * 7 % 16 - 7.5f) / 8;
                }
                Case c = new Case(subject, batch, x, u, w);
                subject.output("levels", c.levels);
                subject.output("l1", c.l1);
                c.forward(options);
                subject.input(c.dLevels, 1);
                subject.output("dX", c.dX);
                subject.output("dU", c.dU);
                subject.output("dW", c.dW);
                c.backward(options);
                if (options.userAware() && logit < -87) {
                  assertThat(c.l1.download()).containsOnly(0f);
                  assertThat(c.dU.download()).containsOnly(0f);
                }
              });
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidatesWithOptions")
  void ofZeroItemsNothingComesAndNothingIsNaN(Backend backend, List<Options> several) {
    try (backend;
        Subject subject = new Subject(backend, 3)) {
      for (Options options : several) {
        if (isCuda(backend) && !options.userAware()) {
          continue; // u is 0 or does not count, which is the same
        }
        Batch batch = subject.batch(new int[] {9, 20}, 0, 4, 3, 1);
        Case c = new Case(subject, batch, new float[29 * 4], new float[8], new float[16]);
        c.forward(options);
        assertThat(c.levels.download()).containsOnly(0f);
        assertThat(c.l1.download()).containsExactly(81f / 2, 200f);
        subject.input(c.dLevels, 1);
        c.backward(options);
        assertThat(c.dW.download()).containsOnly(0f);
        float[] direct = c.dLevels.download();
        float[] dX = c.dX.download();
        for (int i = 0; i < dX.length; i++) {
          assertThat(dX[i]).isEqualTo(direct[i / 4 * 12 + i % 4]);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aHistoryAloneIsTheSameAsInABatch(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 17)) {
      int[] lengths = {40, 1, 100, 16, 33, 7};
      Case all = new Case(subject, lengths, 20, 3, 0.5);
      all.forward(DEFAULT);
      all.backward(DEFAULT);
      int item = 0;
      for (int h = 0; h < lengths.length; h++) {
        int n = lengths[h];
        Case alone =
            new Case(
                subject,
                subject.batch(new int[] {n}, 0, 20, 4, 1),
                part(all.x, item, n),
                part(all.u, h, 1),
                all.w.download());
        alone.dLevels.upload(part(all.dLevels, item, n));
        alone.forward(DEFAULT);
        alone.backward(DEFAULT);
        assertThat(alone.levels.download()).containsExactly(part(all.levels, item, n));
        assertThat(alone.l1.download()).containsExactly(part(all.l1, h, 1));
        assertThat(alone.dX.download()).containsExactly(part(all.dX, item, n));
        assertThat(alone.dU.download()).containsExactly(part(all.dU, h, 1));
        item += n;
      }
    }
  }

  private static float[] part(Tensor tensor, int row, int rows) {
    return Arrays.copyOfRange(
        tensor.download(), row * tensor.width(), (row + rows) * tensor.width());
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aRecordingWithLocalLevelsGivesTheSameBits(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 19)) {
      int[] lengths = {100, 60, 3, 90, 1, 100, 100, 33};
      Case c = new Case(subject, lengths, 16, 3, 0.5);
      c.forward(DEFAULT);
      Tensor gradients = c.dLevels;
      gradients.upload(c.levels.download()); // in the recording, the levels are their own gradient
      c.backward(DEFAULT);
      float[][] expected = c.results();
      Tensor levels = c.batch.tensor(Axis.ITEMS, c.levels.width(), Lifetime.LOCAL);
      Tensor l1 = c.batch.tensor(Axis.HISTORIES, 1, Lifetime.LOCAL);
      for (Tensor result : List.of(c.dX, c.dU, c.dW)) {
        result.upload(new float[result.size()]);
      }
      GraphConvolution graph = c.graph(DEFAULT);
      try (Sequence sequence =
          backend.record(
              "there and back",
              () -> {
                graph.forward(c.batch, c.x, c.u, c.w, levels, l1);
                graph.backward(c.batch, c.x, c.u, c.w, levels, levels, c.dX, c.dU, c.dW);
              })) {
        for (int run = 0; run < 3; run++) {
          sequence.run();
          assertThat(c.results()).isDeepEqualTo(expected);
        }
      }
    }
  }

  @Test
  void anyNumberOfThreadsGivesTheSameBits() {
    int[] lengths = new int[60];
    Arrays.setAll(lengths, h -> 1 + h * 37 % 100);
    Function<Integer, float[][]> run =
        threads -> {
          try (Backend backend = Backends.open("cpu", new BackendOptions(threads));
              Subject subject = new Subject(backend, 29)) {
            Case c = new Case(subject, lengths, 16, 3, 0.5);
            c.forward(DEFAULT);
            c.backward(DEFAULT);
            return c.results();
          }
        };
    float[][] one = run.apply(1);
    assertThat(run.apply(2)).isDeepEqualTo(one);
    assertThat(run.apply(3)).isDeepEqualTo(one);
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesWhatDoesNotFit(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Case c = new Case(subject, new int[] {3}, 4, 2, 1);
      assertThatThrownBy(() -> c.graph(DEFAULT).forward(c.batch, c.x, c.u, c.w, c.x, c.l1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("graph_convolution.forward: levels: expected items x 12, got items x 4");
      assertThatThrownBy(
              () ->
                  c.graph(DEFAULT)
                      .backward(c.batch, c.x, c.u, c.w, c.levels, c.dLevels, c.dX, c.dU, c.u))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("graph_convolution.backward: dW: expected fixed 4 x 4, got histories x 4");
      assertThatThrownBy(() -> new Options(Normalisation.NONE, true, Input.FIRST, -1, 0))
          .hasMessage("slope must be between 0 and 1, got -1.0");
      assertThatThrownBy(() -> new Options(Normalisation.NONE, true, Input.FIRST, 0, Float.NaN))
          .hasMessage("l1 must be finite and at least 0, got NaN");
    }
  }

  /** A batch with every tensor of the operation. */
  private static final class Case {
    final Subject subject;
    final Batch batch;
    final Tensor x;
    final Tensor u;
    final Tensor w;
    final Tensor levels;
    final Tensor l1;
    final Tensor dLevels;
    final Tensor dX;
    final Tensor dU;
    final Tensor dW;

    /** Random inputs; W keeps the levels at the size of X. */
    Case(Subject subject, int[] lengths, int d, int layers, double scale) {
      this(subject, subject.batch(lengths, 0, d, layers + 1, 1));
      subject.input(x, scale);
      subject.input(u, scale);
      subject.input(w, 1 / Math.sqrt(d));
      subject.input(dLevels, 1);
    }

    /** Given inputs, for a batch of this or another backend with the same histories. */
    Case(Subject subject, Batch like, float[] x, float[] u, float[] w) {
      this(subject, copy(subject, like));
      this.x.upload(x);
      this.u.upload(u);
      this.w.upload(w);
    }

    private Case(Subject subject, Batch batch) {
      this.subject = subject;
      this.batch = batch;
      int d = batch.shape().d();
      int row = batch.shape().levels() * d;
      x = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
      u = batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT);
      w = subject.scope().floats(d, d);
      levels = batch.tensor(Axis.ITEMS, row, Lifetime.KEPT);
      l1 = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      dLevels = batch.tensor(Axis.ITEMS, row, Lifetime.KEPT);
      dX = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
      dU = batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT);
      dW = subject.scope().floats(d, d);
    }

    private static Batch copy(Subject subject, Batch like) {
      Batch batch = subject.scope().batch(like.shape());
      batch.upload(like.download());
      return batch;
    }

    GraphConvolution graph(Options options) {
      return subject.backend().graphConvolution(options);
    }

    void forward(Options options) {
      graph(options).forward(batch, x, u, w, levels, l1);
    }

    void backward(Options options) {
      graph(options).backward(batch, x, u, w, levels, dLevels, dX, dU, dW);
    }

    float[][] results() {
      return new float[][] {dX.download(), dU.download(), dW.download()};
    }
  }
}
