package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.Dropout.Options;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which values are dropped is integers, and the scale one product: bits agree everywhere. */
class DropoutParityTest {
  private static final long SEED = 0x123456789ABCDEFL;
  private static final long STEP = (1L << 32) * 3 + 5; // a late one: its low half counts

  static Stream<Backend> everyBackend() {
    return Stream.concat(
        TestBackends.candidatesWithCuda("dropout"),
        Stream.of(new ReferenceBackend(Precision.SINGLE)));
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void dropsWhatTheContractSays(Backend backend) {
    try (backend) {
      for (int d : new int[] {1, 4, 7, 16, 20, 64}) {
        for (int histories : new int[] {0, 1, 2, 40}) {
          for (double rate : new double[] {0, 0.3, 0.75}) {
            try (Subject subject = new Subject(backend, d)) {
              check(subject, histories, d, new Options(SEED, rate));
            }
          }
        }
      }
    }
  }

  private static void check(Subject subject, int histories, int d, Options options) {
    int[] lengths = new int[histories];
    Arrays.setAll(lengths, b -> b == 1 ? 200 : 1 + b * 5 % 33);
    Batch batch = subject.batch(lengths, 1, d, 1, 1);
    StepState state = subject.scope().stepState();
    state.set(STEP, 0.1);
    Tensor x = subject.input(batch.tensor(Axis.ITEMS, d, Lifetime.KEPT), 1);
    float[] before = x.download();
    Dropout dropout = subject.backend().dropout(options);
    try (Sequence sequence =
        subject.backend().record("dropout", () -> dropout.apply(state, batch, x))) {
      sequence.run();
      assertThat(x.download()).isEqualTo(expected(before, batch.download(), d, options));
    }
  }

  /** The contract's text once more, by itself. */
  private static float[] expected(float[] x, Histories histories, int d, Options options) {
    float[] expected = x.clone();
    int[] words = new int[4];
    int[] offsets = histories.offsets();
    for (int b = 0; b + 1 < offsets.length; b++) {
      for (int t = offsets[b]; t < offsets[b + 1]; t++) {
        for (int k = 0; k < d; k++) {
          int index = (offsets[b + 1] - 1 - t) * Math.ceilDiv(d, 4) + k / 4;
          int sample = histories.samples()[b];
          Philox.words(SEED, Philox.DROPOUT, (int) (STEP - 1), sample, index, words);
          boolean dropped = Integer.toUnsignedLong(words[k % 4]) < options.rate() * 0x1p32 - 1;
          expected[t * d + k] *= dropped ? 0 : (float) (1 / (1 - options.rate()));
          expected[t * d + k] += 0f; // -0 is a matter of the product
        }
      }
    }
    return expected;
  }

  @Test
  void dropsTheShareThatWasAskedForAndKeepsTheMean() {
    try (Backend backend = Backends.open("cpu", new BackendOptions(1));
        Subject subject = new Subject(backend, 1)) {
      int d = 32;
      int[] lengths = new int[500];
      Arrays.fill(lengths, 20);
      Batch batch = subject.batch(lengths, 1, d, 1, 1);
      StepState state = subject.scope().stepState();
      state.set(1, 0.1);
      Tensor x = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
      float[] ones = new float[x.size()];
      Arrays.fill(ones, 1f);
      x.upload(ones);
      backend.dropout(new Options(7, 0.2)).apply(state, batch, x);
      double sum = 0;
      int dropped = 0;
      for (float value : x.download()) {
        sum += value;
        dropped += value == 0 ? 1 : 0;
      }
      // 320,000 draws: a deviation of 0.0007. Samples are drawn with repeats from 1,000.
      assertThat((double) dropped / ones.length).isBetween(0.195, 0.205);
      assertThat(sum / ones.length).isBetween(0.99, 1.01);
    }
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void refusesOtherShapes(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Batch batch = subject.batch(new int[] {3, 2}, 2, 4, 1, 1);
      StepState state = subject.scope().stepState();
      Tensor u = batch.tensor(Axis.HISTORIES, 4, Lifetime.KEPT);
      Dropout dropout = backend.dropout(new Options(1, 0.5));
      assertThatThrownBy(() -> dropout.apply(state, batch, u))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("dropout.apply: x: expected items x 4, got histories x 4");
      assertThatThrownBy(() -> new Options(1, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("dropout: rate: expected [0, 1), got 1.0");
    }
  }
}
