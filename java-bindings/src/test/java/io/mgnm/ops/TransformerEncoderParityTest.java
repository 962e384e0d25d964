package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TransformerEncoderParityTest {
  private static final int[] EDGES = {1, 2, 15, 16, 17, 31, 32, 33};
  private static final int[] LONGER = {63, 64, 65, 97, 100};
  private static final int[] UNEQUAL = {1, 60, 2, 1, 40, 3, 1};

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("transformer_encoder");
  }

  private static SequenceEncoderChecks transformer(int d, int maxLength) {
    return new SequenceEncoderChecks(
        d,
        0.5,
        backend -> backend.transformerEncoder(new TransformerEncoder.Options(d, maxLength)));
  }

  @ParameterizedTest
  @CsvSource({"2,6", "4,6", "6,9"})
  void referenceBackwardIsTheDerivative(int d, int maxLength) {
    transformer(d, maxLength).gradient(3, 1, 6);
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      if (simulated(backend)) {
        parity(backend, 16, new int[] {1, 33, 2, 17}, 1, 5, 1);
        parity(backend, 16, new int[] {65}, 1, 1, 1);
        parity(backend, 16, new int[] {}, 4, 4, 1);
        parity(backend, 6, new int[] {1, 15, 2, 16, 3}, 1, 5, 1);
        parity(backend, 40, new int[] {17, 1}, 1, 2, 1);
        parity(backend, 64, new int[] {33, 2}, 1, 1, 1); // rows and layers do not fit everywhere
        return;
      }
      for (int d : new int[] {2, 4, 8, 16, 20, 32, 40, 64}) {
        parity(backend, d, new int[] {1, 2, 17}, 2, 2, 1);
        parity(backend, d, new int[] {18}, 1, 16, 1);
      }
      parity(backend, 6, EDGES, 3, 7, 1);
      parity(backend, 4, EDGES, 6, 8, 1);
      parity(backend, 4, LONGER, 4, 1, 1);
      parity(backend, 16, UNEQUAL, 4, 4, 1);
      parity(backend, 8, UNEQUAL, 1, 6, 1);
      parity(backend, 4, new int[] {200, 7}, 2, 1, 1);
      parity(backend, 4, new int[] {1000}, 1, 1, 1);
      parity(backend, 8, new int[] {}, 4, 4, 1);
    }
  }

  /** A kernel is another one for each d and device, and compiling it costs more than running it. */
  private static boolean simulated(Backend backend) {
    return backend.name().equals("cuda");
  }

  /**
   * Every width, and histories of which the kernels hold less and less in shared memory. A norm of
   * two values is a sign: what comes back through it is what rounding leaves of terms that cancel,
   * in which the CPU too is up to a tenth further off than the rule allows, with these lengths. So
   * d = 2 has those of {@link #agreesWithTheReference} only.
   */
  @ParameterizedTest
  @MethodSource("candidates")
  @Tag("long")
  void agreesWithTheReferenceAtEveryWidth(Backend backend) {
    try (backend) {
      parity(backend, 2, new int[] {1, 2, 17}, 2, 2, 1);
      parity(backend, 2, new int[] {18}, 1, 16, 1);
      for (int d = 4; d <= 64; d = d < 16 ? d + 2 : d + 6) {
        parity(backend, d, new int[] {33, 1, 18, 2}, 1, 5, 1);
      }
      parity(backend, 8, EDGES, 3, 7, 1);
      parity(backend, 4, new int[] {1000, 3}, 1, 2, 1);
      parity(backend, 16, new int[] {400, 65, 64}, 1, 2, 1);
      parity(backend, 40, new int[] {150, 3}, 1, 2, 1);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReferenceOnLargeSmallAndZeroValues(Backend backend) {
    int d = simulated(backend) ? 6 : 8;
    try (backend) {
      for (double scale : new double[] {0, 1e-20, 1e-3, 30, 1e4}) {
        parity(backend, d, new int[] {20, 5}, 2, 4, scale);
      }
    }
  }

  private static void parity(
      Backend backend, int d, int[] lengths, int levels, int interests, double scale) {
    int maxLength = Arrays.stream(lengths).max().orElse(1) + 3;
    Parity.check(
        "transformer_encoder d %d, %d histories, %d levels, %d interests, scale %g"
            .formatted(d, lengths.length, levels, interests, scale),
        backend,
        d + lengths.length,
        subject -> transformer(d, maxLength).run(subject, lengths, levels, interests, scale));
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void historyAloneEqualsHistoryInBatch(Backend backend) {
    try (backend) {
      if (!simulated(backend)) {
        transformer(8, 33).historyAloneEqualsHistoryInBatch(backend, 2, 3);
      }
      transformer(16, 40).historyAloneEqualsHistoryInBatch(backend, simulated(backend) ? 1 : 4, 4);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void recordingEqualsImmediateCalls(Backend backend) {
    try (backend) {
      if (!simulated(backend)) {
        transformer(16, 100).recordingEqualsImmediateCalls(backend, 4, 4);
      }
      transformer(16, 100).recordingEqualsImmediateCalls(backend, 1, simulated(backend) ? 2 : 6);
    }
  }

  /** What is in shared memory on one device, and in global memory on another, changes no bit. */
  @Test
  void devicesChangeNothing() {
    transformer(16, 100).devicesChangeNothing(candidates(), 1, 3);
    transformer(40, 100).devicesChangeNothing(candidates(), 1, 1);
  }

  @Test
  void threadsChangeNothing() {
    transformer(16, 100).threadsChangeNothing("cpu");
  }

  @Test
  void allocatesNothing() {
    transformer(16, 40).allocatesNothing("cpu", 4, 4);
    transformer(8, 40).allocatesNothing("cpu", 2, 3);
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    try (backend) {
      transformer(4, 3).refusesOtherShapes(backend, "transformer_encoder");
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesHistoriesLongerThanItsPositions(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 5)) {
      assertThatThrownBy(() -> transformer(4, 2).run(subject, new int[] {3}, 1, 1, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "transformer_encoder.forward: histories have up to 3 items, and there are positions"
                  + " for 2");
    }
  }
}
