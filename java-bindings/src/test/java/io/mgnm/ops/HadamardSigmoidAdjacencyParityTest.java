package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HadamardSigmoidAdjacencyParityTest {
  private static final int[][] LENGTHS = {
    {}, {1}, {2}, {15, 16, 17}, {33, 31, 32}, {65, 1, 63, 64}, {97}, {100, 1, 200, 3}
  };
  private static final int[] WIDTHS = {1, 4, 8, 16, 20, 32, 40, 64};

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("hadamard_sigmoid_adjacency");
  }

  @Test
  void referenceBackwardIsTheDerivative() {
    for (double scale : new double[] {0.3, 1.5}) {
      try (GradientCheck check = new GradientCheck(11)) {
        Subject subject = check.subject();
        Batch batch = subject.batch(new int[] {4, 1, 7}, 0, 5, 1, 1);
        Tensor x = subject.input(rows(batch, Axis.ITEMS, 5), scale);
        Tensor u = subject.input(rows(batch, Axis.HISTORIES, 5), scale);
        Tensor a = rows(batch, Axis.PAIRS, 1);
        Tensor dA = rows(batch, Axis.PAIRS, 1);
        Tensor dX = rows(batch, Axis.ITEMS, 5);
        Tensor dU = rows(batch, Axis.HISTORIES, 5);
        HadamardSigmoidAdjacency adjacency = check.backend().hadamardSigmoidAdjacency();
        check.verify(
            () -> adjacency.forward(batch, x, u, a),
            List.of(new Pair("a", a, dA)),
            () -> adjacency.backward(batch, x, u, dA, dX, dU),
            List.of(new Pair("x", x, dX), new Pair("u", u, dU)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    // The simulated device is slow: it gets every second pair, and so each length and each width.
    boolean all = !backend.name().equals("cuda");
    try (backend) {
      int number = 0;
      for (int[] lengths : LENGTHS) {
        number++;
        for (int d : WIDTHS) {
          if (!all && number++ % 2 == 0) {
            continue;
          }
          compare(backend, lengths, d, 0.4);
          if (lengths.length > 1) {
            // Not for one or two items: their A may be e^−66 alone, to which rounding of the logit
            // adds 66 times its share, and nothing greater to measure the error by.
            compare(backend, lengths, d, 2);
          }
        }
      }
      compare(backend, new int[] {1000}, 8, 0.5);
    }
  }

  private static void compare(Backend backend, int[] lengths, int d, double scale) {
    Parity.check(
        "histories of %s, d %d, scale %g".formatted(Arrays.toString(lengths), d, scale),
        backend,
        lengths.length * 100 + d,
        subject -> {
          Batch batch = subject.batch(lengths, 0, d, 1, 1);
          Tensor x = subject.input(rows(batch, Axis.ITEMS, d), scale);
          Tensor u = subject.input(rows(batch, Axis.HISTORIES, d), scale);
          Tensor dA = subject.input(rows(batch, Axis.PAIRS, 1), 1);
          HadamardSigmoidAdjacency adjacency = subject.backend().hadamardSigmoidAdjacency();
          adjacency.forward(batch, x, u, subject.output("a", rows(batch, Axis.PAIRS, 1)));
          adjacency.backward(
              batch,
              x,
              u,
              dA,
              subject.output("dX", rows(batch, Axis.ITEMS, d)),
              subject.output("dU", rows(batch, Axis.HISTORIES, d)));
        });
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void isSymmetricAndBetweenZeroAndOne(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 3)) {
      int[] lengths = {5, 100, 33};
      Batch batch = subject.batch(lengths, 0, 20, 1, 1);
      Tensor x = subject.input(rows(batch, Axis.ITEMS, 20), 1.5);
      Tensor u = subject.input(rows(batch, Axis.HISTORIES, 20), 1.5);
      Tensor a = subject.output("a", rows(batch, Axis.PAIRS, 1));
      backend.hadamardSigmoidAdjacency().forward(batch, x, u, a);
      float[] values = a.download();
      int pair = 0;
      for (int n : lengths) {
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            assertThat(values[pair + i * n + j])
                .isBetween(0f, 1f)
                .isEqualTo(values[pair + j * n + i]);
          }
        }
        pair += n * n;
      }
    }
  }

  /** One item a history with x² u the logit, so that the underflow's place can be seen. */
  @ParameterizedTest
  @MethodSource("candidates")
  void underflowsAtTheSameLogitEverywhere(Backend backend) {
    float[] logits = {-1e4f, -87.5f, -86.5f, -50, 0, 50, 86.5f, 87.5f, 1e4f};
    int[] lengths = new int[logits.length];
    Arrays.fill(lengths, 1);
    try (backend) {
      Parity.check(
          "logits around the underflow",
          backend,
          1,
          subject -> {
            Batch batch = subject.batch(lengths, 0, 1, 1, 1);
            float[] ones = new float[logits.length];
            Arrays.fill(ones, 1);
            Tensor x = subject.input(rows(batch, Axis.ITEMS, 1), ones);
            Tensor u = subject.input(rows(batch, Axis.HISTORIES, 1), logits);
            HadamardSigmoidAdjacency adjacency = subject.backend().hadamardSigmoidAdjacency();
            Tensor a = subject.output("a", rows(batch, Axis.PAIRS, 1));
            adjacency.forward(batch, x, u, a);
            float[] values = a.download();
            assertThat(values[0]).isEqualTo(0f);
            assertThat(values[1]).isEqualTo(0f);
            assertThat(values[2]).isGreaterThan(Float.MIN_NORMAL);
            assertThat(values[7]).isEqualTo(1f);
            Tensor dU = subject.output("dU", rows(batch, Axis.HISTORIES, 1));
            adjacency.backward(
                batch,
                x,
                u,
                subject.input(rows(batch, Axis.PAIRS, 1), 1),
                subject.output("dX", rows(batch, Axis.ITEMS, 1)),
                dU);
            float[] gradients = dU.download();
            assertThat(gradients[1]).isEqualTo(0f);
            assertThat(gradients[2]).isNotEqualTo(0f);
            assertThat(gradients[6]).isNotEqualTo(0f);
            assertThat(gradients[7]).isEqualTo(0f);
          });
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Batch batch = subject.batch(new int[] {3}, 0, 4, 1, 1);
      Tensor x = rows(batch, Axis.ITEMS, 4);
      Tensor u = rows(batch, Axis.HISTORIES, 4);
      assertThatThrownBy(() -> backend.hadamardSigmoidAdjacency().forward(batch, x, u, x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("hadamard_sigmoid_adjacency.forward: a: expected pairs x 1, got items x 4");
      assertThatThrownBy(
              () ->
                  backend
                      .hadamardSigmoidAdjacency()
                      .backward(batch, x, x, rows(batch, Axis.PAIRS, 1), x, u))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "hadamard_sigmoid_adjacency.backward: u: expected histories x 4, got items x 4");
    }
  }

  private static Tensor rows(Batch batch, Axis axis, int width) {
    return batch.tensor(axis, width, Lifetime.KEPT);
  }
}
