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

class CapsuleSquashParityTest {
  private static final int[] ROWS = {0, 1, 2, 15, 16, 17, 31, 33, 64, 97, 100, 200, 2050};
  private static final int[] WIDTHS = {1, 4, 8, 16, 20, 32, 40, 64};
  private static final double[] SCALES = {1, 1e-3, 1e3, 1e-25, 1e25};

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithEveryCuda("capsule_squash");
  }

  @Test
  void referenceBackwardIsTheDerivative() {
    for (double scale : new double[] {0.1, 1, 5}) {
      try (GradientCheck check = new GradientCheck(7)) {
        Scope scope = check.subject().scope();
        Tensor v = check.subject().input(scope.floats(4, 5), scale);
        Tensor o = scope.floats(4, 5);
        Tensor dO = scope.floats(4, 5);
        Tensor dV = scope.floats(4, 5);
        CapsuleSquash squash = check.backend().capsuleSquash();
        check.verify(
            () -> squash.forward(v, o),
            List.of(new Pair("o", o, dO)),
            () -> squash.backward(v, dO, dV),
            List.of(new Pair("v", v, dV)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      for (int rows : ROWS) {
        for (int d : WIDTHS) {
          for (double scale : SCALES) {
            if (d == 1 && scale > 1) {
              continue; // one component: the two terms of v̇ cancel to far below their rounding
            }
            Parity.check(
                "capsule_squash %d x %d, scale %g".formatted(rows, d, scale),
                backend,
                rows * 100 + d,
                subject -> {
                  Tensor v = subject.input(subject.scope().floats(rows, d), scale);
                  Tensor dO = subject.input(subject.scope().floats(rows, d), 1);
                  CapsuleSquash squash = subject.backend().capsuleSquash();
                  squash.forward(v, subject.output("o", rows, d));
                  squash.backward(v, dO, subject.output("dV", rows, d));
                });
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void zeroStaysZeroAndLengthStaysBelowOne(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 3)) {
      Tensor v = subject.input(subject.scope().floats(40, 16), 10);
      float[] values = v.download();
      Arrays.fill(values, 0, 16, 0f);
      v.upload(values);
      Tensor o = subject.output("o", 40, 16);
      backend.capsuleSquash().forward(v, o);
      float[] result = o.download();
      for (int row = 0; row < 40; row++) {
        double norm = 0;
        double along = 0;
        for (int k = 0; k < 16; k++) {
          norm += (double) result[row * 16 + k] * result[row * 16 + k];
          along += (double) result[row * 16 + k] * values[row * 16 + k];
        }
        assertThat(Math.sqrt(norm)).isLessThan(1);
        assertThat(along).isGreaterThanOrEqualTo(0);
        assertThat(norm == 0).isEqualTo(row == 0);
      }
      Tensor dV = subject.output("dV", 40, 16);
      backend.capsuleSquash().backward(v, subject.input(subject.scope().floats(40, 16), 1), dV);
      assertThat(Arrays.copyOf(dV.download(), 16)).containsOnly(0f);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void worksInPlaceAndInsideARecording(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 5)) {
      Tensor v = subject.input(subject.scope().floats(33, 8), 1);
      Tensor o = subject.scope().floats(33, 8);
      CapsuleSquash squash = backend.capsuleSquash();
      squash.forward(v, o);
      float[] expected = o.download();
      try (Sequence sequence = backend.record("in place", () -> squash.forward(v, v))) {
        sequence.run();
      }
      assertThat(v.download()).containsExactly(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    try (backend;
        Scope scope = backend.scope("test")) {
      Tensor v = scope.floats(3, 4);
      assertThatThrownBy(() -> backend.capsuleSquash().forward(v, scope.floats(4, 3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "capsule_squash.forward: tensor beside v: expected fixed 3 x 4, got fixed 4 x 3");
    }
  }
}
