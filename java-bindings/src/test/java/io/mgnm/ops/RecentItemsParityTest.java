package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.RecentItems.Options;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecentItemsParityTest {

  /** Widths that are no multiple of a vector, and one whose rows take a warp several turns. */
  private static final List<CapsuleCase> WIDTHS =
      List.of(
          new CapsuleCase(1, 2, 3, 9, 1, 40),
          new CapsuleCase(7, 4, 4, 33, 2),
          new CapsuleCase(33, 1, 2, 5, 130),
          new CapsuleCase(140, 2, 2, 3, 11));

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("recent_items");
  }

  @Test
  void referenceBackwardIsTheDerivative() {
    try (GradientCheck check = new GradientCheck(17)) {
      Tensors t = new Tensors(check.subject(), new CapsuleCase(3, 2, 2, 4, 1, 3), 1);
      check.verify(
          () -> {
            zero(t.o); // which forward adds to
            t.forward();
          },
          List.of(new Pair("o", t.o, t.dO)),
          () -> {
            zero(t.dX); // which backward adds to
            t.backward();
          },
          List.of(new Pair("x", t.x, t.dX)));
    }
  }

  private static void zero(Tensor tensor) {
    tensor.upload(new float[tensor.size()]);
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      agrees(backend, Stream.concat(CapsuleCase.of(backend).stream(), WIDTHS.stream()));
    }
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReferenceInEverySize(Backend backend) {
    try (backend) {
      agrees(backend, Stream.concat(CapsuleCase.ALL.stream(), WIDTHS.stream()));
    }
  }

  private static void agrees(Backend backend, Stream<CapsuleCase> sizes) {
    sizes.forEach(
        size -> {
          for (double scale : new double[] {1, 0, 1e12}) {
            if (scale != 1 && size.d() != 16) {
              continue;
            }
            Parity.check(
                "recent_items, %s, scale %g".formatted(size, scale),
                backend,
                size.seed(),
                subject -> {
                  Tensors t = new Tensors(subject, size, scale);
                  t.forward();
                  t.backward();
                });
          }
        });
  }

  /** Zeros plus the mean of ones are the weight, whatever the length. */
  @ParameterizedTest
  @MethodSource("candidates")
  void theWeightsOfAHistorySumToOne(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Tensors t = new Tensors(subject, new CapsuleCase(4, 2, 3, 1, 2, 31, 32, 33, 1000), 1);
      float[] ones = new float[t.x.size()];
      Arrays.fill(ones, 1f);
      t.x.upload(ones);
      zero(t.o);
      t.forward();
      for (float value : t.o.download()) {
        assertThat((double) value).isCloseTo(Tensors.WEIGHT, within(1e-6));
      }
    }
  }

  /** The last item counts most, the one before it half as much. */
  @ParameterizedTest
  @MethodSource("candidates")
  void anItemCountsLessTheLongerAgoItWas(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Tensors t = new Tensors(subject, new CapsuleCase(1, 1, 1, 4), 1);
      t.dO.upload(new float[] {1});
      t.dX.upload(new float[] {0, 0, 0, 5});
      t.backward();
      double last = Tensors.WEIGHT * 12 / 25; // 1 / (1 + 1/2 + 1/3 + 1/4)
      double[] expected = {last / 4, last / 3, last / 2, 5 + last};
      float[] came = t.dX.download();
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) came[i]).isCloseTo(expected[i], within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void givesTheSameBitsInARecordingAndWithAnyNumberOfThreads(Backend backend) {
    boolean cuda = backend.name().equals("cuda"); // which has no threads to choose
    CapsuleCase size = new CapsuleCase(20, 2, 3, 5, 63, 1, 31, 2, 2, 16, 7, 7, 100, 3, 9, 40);
    float[][] expected = null;
    try (backend) {
      for (int threads = 1; threads <= (cuda ? 1 : 3); threads++) {
        try (Backend own =
                cuda ? backend : Backends.open(backend.name(), new BackendOptions(threads));
            Subject subject = new Subject(own, 3)) {
          Tensors t = new Tensors(subject, size, 1);
          float[] o = t.o.download();
          float[] dX = t.dX.download();
          t.forward();
          t.backward();
          float[][] came = {t.o.download(), t.dX.download()};
          expected = expected == null ? came : expected;
          assertThat(came).as("%d threads", threads).isDeepEqualTo(expected);
          try (Sequence sequence =
              own.record(
                  "both",
                  () -> {
                    t.forward();
                    t.backward();
                  })) {
            for (int run = 0; run < 2; run++) {
              t.o.upload(o);
              t.dX.upload(dX);
              sequence.run();
              assertThat(t.o.download()).isEqualTo(expected[0]);
              assertThat(t.dX.download()).isEqualTo(expected[1]);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aHistoryAloneEqualsTheHistoryInABatch(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 9)) {
      CapsuleCase size = new CapsuleCase(8, 2, 3, 5, 63, 1, 31, 2, 2, 16);
      int capsules = size.levels() * size.interests();
      Tensors all = new Tensors(subject, size, 1);
      float[] o = all.o.download();
      float[] dX = all.dX.download();
      all.forward();
      all.backward();
      int item = 0;
      for (int h = 0; h < size.lengths().length; h++) {
        int n = size.lengths()[h];
        Tensors alone = new Tensors(subject, new CapsuleCase(8, 2, 3, n), 1);
        int[] items = {item * 8, (item + n) * 8};
        int[] outputs = {h * capsules * 8, (h + 1) * capsules * 8};
        alone.x.upload(cut(all.x.download(), items));
        alone.dX.upload(cut(dX, items));
        alone.o.upload(cut(o, outputs));
        alone.dO.upload(cut(all.dO.download(), outputs));
        alone.forward();
        alone.backward();
        assertThat(alone.o.download()).isEqualTo(cut(all.o.download(), outputs));
        assertThat(alone.dX.download()).isEqualTo(cut(all.dX.download(), items));
        item += n;
      }
    }
  }

  private static float[] cut(float[] values, int[] ends) {
    return Arrays.copyOfRange(values, ends[0], ends[1]);
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Tensors t = new Tensors(subject, new CapsuleCase(4, 2, 3, 5), 1);
      RecentItems recent = backend.recentItems(new Options(1));
      assertThatThrownBy(() -> recent.forward(t.batch, t.o, t.o))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "recent_items.forward: items: expected items x 4, got histories x capsules x 4");
      assertThatThrownBy(() -> recent.backward(t.batch, t.dX, t.dX))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "recent_items.backward: outputs: expected histories x capsules x 4, got items x 4");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesOtherWeights(double weight) {
    assertThatThrownBy(() -> new Options(weight))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("recent_items: weight: expected a finite number above 0, got " + weight);
  }

  /** What one operation reads and updates. */
  private static final class Tensors {
    static final double WEIGHT = 1.5;

    final RecentItems recent;
    final Batch batch;
    final Tensor x;
    final Tensor o;
    final Tensor dO;
    final Tensor dX;

    Tensors(Subject subject, CapsuleCase size, double scale) {
      int d = size.d();
      recent = subject.backend().recentItems(new Options(WEIGHT));
      batch = size.batch(subject);
      x = subject.input(batch.tensor(Axis.ITEMS, d, Lifetime.KEPT), scale);
      dO = subject.input(batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT), scale);
      Tensor outputs = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
      o = subject.input(subject.output("o", outputs), scale);
      dX = subject.input(subject.output("dX", batch.tensor(Axis.ITEMS, d, Lifetime.KEPT)), scale);
    }

    void forward() {
      recent.forward(batch, x, o);
    }

    void backward() {
      recent.backward(batch, dO, dX);
    }
  }
}
