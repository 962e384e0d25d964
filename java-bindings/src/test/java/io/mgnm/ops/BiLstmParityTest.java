package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class BiLstmParityTest {
  private static final int[] EDGES = {1, 2, 15, 16, 17, 31, 32, 33};
  private static final int[] LONGER = {63, 64, 65, 97, 100};
  private static final int[] UNEQUAL = {1, 90, 2, 1, 40, 3, 1};

  static Stream<Backend> candidates() {
    return Stream.concat(TestBackends.candidatesWithCuda("bilstm"), cudnn());
  }

  /** CUDA with cuDNN's LSTM instead of the library's own. */
  static Stream<Backend> cudnn() {
    return TestBackends.cuda().map(BiLstmParityTest::withCudnn);
  }

  private static Backend withCudnn(Backend backend) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("toString")) {
            return backend + " with cuDNN";
          }
          if (arguments != null && arguments[0] instanceof BiLstm.Options asked) {
            return backend.biLstm(
                new BiLstm.Options(asked.d(), asked.projected(), BiLstm.Implementation.CUDNN));
          }
          try {
            return method.invoke(backend, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, handler);
  }

  private static SequenceEncoderChecks lstm(int d, boolean projected) {
    return new SequenceEncoderChecks(
        d, 0.4, backend -> backend.biLstm(new BiLstm.Options(d, projected)));
  }

  @ParameterizedTest
  @CsvSource({"4,false", "4,true", "1,true", "6,false"})
  void referenceBackwardIsTheDerivative(int d, boolean projected) {
    lstm(d, projected).gradient(3, 1, 6);
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      if (simulated(backend)) {
        parity(backend, 16, false, UNEQUAL, 1, 3, 1); // tiles of sequences of two lengths
        parity(backend, 16, false, new int[] {17, 16}, 4, 4, 1);
        parity(backend, 16, false, new int[] {}, 4, 4, 1);
        parity(backend, 6, false, EDGES, 1, 2, 1);
        parity(backend, 20, false, new int[] {15, 33, 2}, 1, 7, 1);
        parity(backend, 40, false, new int[] {31, 1}, 1, 5, 1);
        parity(backend, 3, true, new int[] {2, 33, 17}, 1, 5, 1);
        parity(backend, 16, true, new int[] {16, 1, 3}, 1, 3, 1);
        return;
      }
      for (int d : new int[] {4, 8, 16, 20, 32, 40, 64}) {
        parity(backend, d, false, new int[] {1, 2, 17}, 2, 2, 1);
        parity(backend, d, true, new int[] {16, 1, 3}, 1, 2, 1);
        parity(backend, d, d % 8 == 0, new int[] {18}, 1, 16, 1);
      }
      parity(backend, 1, true, EDGES, 2, 3, 1);
      parity(backend, 3, true, EDGES, 1, 5, 1);
      parity(backend, 6, false, EDGES, 3, 7, 1);
      parity(backend, 4, false, EDGES, 6, 8, 1);
      parity(backend, 4, true, LONGER, 4, 1, 1);
      parity(backend, 8, false, LONGER, 1, 4, 1);
      parity(backend, 16, false, UNEQUAL, 4, 4, 1);
      parity(backend, 16, false, UNEQUAL, 1, 6, 1);
      parity(backend, 4, false, new int[] {200, 7}, 2, 2, 1);
      parity(backend, 4, false, new int[] {1000}, 1, 1, 1);
      parity(backend, 8, false, new int[] {}, 4, 4, 1);
    }
  }

  /** A kernel is another one for each d and device, and compiling it costs more than running it. */
  private static boolean simulated(Backend backend) {
    return backend.name().equals("cuda");
  }

  /** Every way in which the kernels divide their work: see BiLstmPlan. */
  @ParameterizedTest
  @MethodSource("candidates")
  @Tag("long")
  void agreesWithTheReferenceAtEveryWidth(Backend backend) {
    try (backend) {
      for (int d = 1; d <= 64; d = d < 16 ? d + 1 : d + 4) {
        if (d % 2 == 0) {
          parity(backend, d, false, new int[] {33, 1, 18}, 1, 5, 1);
        }
        parity(backend, d, true, new int[] {18, 1, 19}, 1, 3, 1);
      }
      parity(backend, 16, false, new int[] {1000, 7}, 2, 2, 1);
      parity(backend, 16, true, new int[] {400}, 1, 2, 1);
      parity(backend, 40, false, new int[] {500, 3}, 1, 4, 1);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReferenceOnLargeSmallAndZeroValues(Backend backend) {
    int plain = simulated(backend) ? 6 : 8;
    int projected = simulated(backend) ? 3 : 4;
    try (backend) {
      for (double scale : new double[] {0, 1e-20, 1e-3, 30, 1e4}) {
        parity(backend, plain, false, new int[] {20, 5}, 2, 4, scale);
        parity(backend, projected, true, new int[] {20, 5}, 4, 4, scale);
      }
    }
  }

  private static void parity(
      Backend backend,
      int d,
      boolean projected,
      int[] lengths,
      int levels,
      int interests,
      double scale) {
    Parity.check(
        "bilstm d %d, projected %s, %d histories, %d levels, %d interests, scale %g"
            .formatted(d, projected, lengths.length, levels, interests, scale),
        backend,
        d + lengths.length,
        subject -> lstm(d, projected).run(subject, lengths, levels, interests, scale));
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void historyAloneEqualsHistoryInBatch(Backend backend) {
    try (backend) {
      if (!simulated(backend)) {
        lstm(8, false).historyAloneEqualsHistoryInBatch(backend, 2, 3);
      }
      lstm(simulated(backend) ? 16 : 8, true).historyAloneEqualsHistoryInBatch(backend, 1, 5);
      lstm(16, false).historyAloneEqualsHistoryInBatch(backend, 1, 7);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void recordingEqualsImmediateCalls(Backend backend) {
    try (backend) {
      lstm(16, false).recordingEqualsImmediateCalls(backend, 2, 3);
      lstm(16, true).recordingEqualsImmediateCalls(backend, simulated(backend) ? 1 : 4, 4);
    }
  }

  /** What waits in shared memory on one device, and in global memory on another, changes no bit. */
  @Test
  void devicesChangeNothing() {
    lstm(16, false).devicesChangeNothing(TestBackends.cuda(), 2, 3);
    lstm(40, false).devicesChangeNothing(TestBackends.cuda(), 1, 2);
    lstm(16, true).devicesChangeNothing(TestBackends.cuda(), 1, 2);
    lstm(16, false).devicesChangeNothing(cudnn(), 2, 3);
  }

  @Test
  void threadsChangeNothing() {
    lstm(16, false).threadsChangeNothing("cpu");
    lstm(8, true).threadsChangeNothing("cpu");
  }

  @Test
  void allocatesNothing() {
    lstm(16, false).allocatesNothing("cpu", 4, 4);
    lstm(8, true).allocatesNothing("cpu", 2, 3);
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    try (backend) {
      lstm(4, false).refusesOtherShapes(backend, "bilstm");
    }
  }

  /** Reversing a history and exchanging the directions reverses what comes out. */
  @ParameterizedTest
  @MethodSource("candidates")
  void directionsAreMirrorImages(Backend backend) {
    int d = 16;
    int n = 21;
    try (backend;
        Subject subject = new Subject(backend, 9)) {
      BiLstm.Options options = new BiLstm.Options(d, false);
      SequenceEncoder lstm = backend.biLstm(options);
      Batch batch = subject.batch(new int[] {n}, 0, d, 1, 1);
      Tensor z = subject.input(batch.capsules(Axis.ITEMS, d, Lifetime.KEPT), 1);
      Tensor w = subject.input(subject.scope().floats(1, lstm.weights()), 0.5);
      Tensor y = subject.output("y", batch.capsules(Axis.ITEMS, d, Lifetime.KEPT));
      Tensor tape = lstm.tape(batch, Lifetime.KEPT);
      lstm.forward(batch, z, w, y, tape);
      float[] input = z.download();
      float[] forward = y.download();
      float[] weights = w.download();
      float[] reversed = new float[input.length];
      float[] exchanged = new float[weights.length];
      int half = options.directionWeights();
      System.arraycopy(weights, 0, exchanged, half, half);
      System.arraycopy(weights, half, exchanged, 0, half);
      for (int t = 0; t < n; t++) {
        System.arraycopy(input, t * d, reversed, (n - 1 - t) * d, d);
      }
      z.upload(reversed);
      w.upload(exchanged);
      lstm.forward(batch, z, w, y, tape);
      float[] mirrored = y.download();
      for (int t = 0; t < n; t++) {
        for (int k = 0; k < d; k++) {
          float state = forward[t * d + k] - input[t * d + k];
          int other = (n - 1 - t) * d + (k + d / 2) % d;
          assertThat(mirrored[other] - reversed[other])
              .isCloseTo(state, org.assertj.core.data.Offset.offset(1e-6f));
        }
      }
    }
  }
}
