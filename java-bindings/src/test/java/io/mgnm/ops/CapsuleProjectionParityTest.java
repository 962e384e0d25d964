package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CapsuleProjectionParityTest {

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("capsule_projection");
  }

  @Test
  void referenceBackwardIsTheDerivative() {
    try (GradientCheck check = new GradientCheck(11)) {
      Tensors t = new Tensors(check.subject(), new CapsuleCase(3, 2, 3, 1, 4, 2), 1, true);
      check.verify(
          t::forward,
          List.of(new Pair("z", t.z, t.dZ)),
          t::backward,
          List.of(new Pair("h", t.h, t.dH), new Pair("w", t.w, t.dW)));
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      agrees(backend, CapsuleCase.of(backend));
    }
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReferenceInEverySize(Backend backend) {
    try (backend) {
      agrees(backend, CapsuleCase.ALL);
    }
  }

  private static void agrees(Backend backend, List<CapsuleCase> sizes) {
    for (CapsuleCase size : sizes) {
      for (double scale : new double[] {1, 0, 1e12}) {
        if (scale != 1 && size.lengths().length > 5) {
          continue;
        }
        Parity.check(
            "capsule_projection, %s, scale %g".formatted(size, scale),
            backend,
            size.seed(),
            subject -> {
              Tensors t = new Tensors(subject, size, scale, true);
              t.forward();
              t.backward();
            });
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void givesTheSameBitsInARecordingAndWithAnyNumberOfThreads(Backend backend) {
    boolean cuda = backend.name().equals("cuda"); // which has no threads to choose
    try (backend) {
      for (CapsuleCase size : CapsuleCase.of(backend)) {
        float[][] expected = null;
        for (int threads = 1; threads <= (cuda ? 1 : 3); threads++) {
          try (Backend own = Backends.open(backend.name(), new BackendOptions(threads));
              Subject subject = new Subject(own, 3)) {
            Tensors t = new Tensors(subject, size, 1, true);
            t.forward();
            float[] z = t.z.download();
            t.dZ.upload(z); // as inside the recording
            t.backward();
            float[][] came = {t.dH.download(), t.dW.download()};
            if (expected == null) {
              expected = came;
            }
            assertThat(came).as("%s, %d threads", size, threads).isDeepEqualTo(expected);
            Tensors local = new Tensors(subject, size, 1, false);
            local.h.upload(t.h.download());
            local.w.upload(new float[local.w.size()]); // what a run uses is what w holds then
            Sequence sequence = own.record("both", local::both);
            local.w.upload(t.w.download());
            for (int run = 0; run < 2; run++) {
              sequence.run();
              assertThat(local.dH.download()).isEqualTo(expected[0]);
              assertThat(local.dW.download()).isEqualTo(expected[1]);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aHistoryAloneEqualsTheHistoryInABatch(Backend backend) {
    try (backend) {
      for (CapsuleCase size : CapsuleCase.of(backend)) {
        try (Subject subject = new Subject(backend, 9)) {
          Tensors all = new Tensors(subject, size, 1, true);
          all.forward();
          all.backward();
          int first = 0;
          for (int n : size.lengths()) {
            CapsuleCase one = new CapsuleCase(size.d(), size.levels(), size.interests(), n);
            Tensors alone = new Tensors(subject, one, 1, true);
            alone.h.upload(rows(all.h, first, n, all.batch));
            alone.w.upload(all.w.download());
            alone.dZ.upload(rows(all.dZ, first, n, all.batch));
            alone.forward();
            alone.backward();
            assertThat(alone.z.download()).isEqualTo(rows(all.z, first, n, all.batch));
            assertThat(alone.dH.download()).isEqualTo(rows(all.dH, first, n, all.batch));
            first += n;
          }
        }
      }
    }
  }

  /** Devices divide the work differently, as they have room for weights. */
  @Test
  void everyDeviceGivesTheSameBits() {
    for (CapsuleCase size : List.of(new CapsuleCase(40, 2, 4, 70), new CapsuleCase(64, 1, 5, 5))) {
      float[][] expected = null;
      Iterator<Backend> all = candidates().filter(b -> b.name().equals("cuda")).iterator();
      while (all.hasNext()) {
        try (Backend backend = all.next();
            Subject subject = new Subject(backend, 7)) {
          Tensors t = new Tensors(subject, size, 1, true);
          t.forward();
          t.backward();
          float[][] came = {t.z.download(), t.dH.download(), t.dW.download()};
          expected = expected == null ? came : expected;
          assertThat(came).as("%s on %s", size, backend).isDeepEqualTo(expected);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Tensors t = new Tensors(subject, new CapsuleCase(4, 2, 3, 5), 1, true);
      CapsuleProjection projection = backend.capsuleProjection();
      assertThatThrownBy(() -> projection.forward(t.batch, t.h, t.w.slice(0, 4, 4), t.z))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("capsule_projection.forward: w: expected fixed 12 x 4, got fixed 4 x 4");
      assertThatThrownBy(() -> projection.backward(t.batch, t.h, t.w, t.dH, t.dH, t.dW))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "capsule_projection.backward: z: expected items x capsules x 4, got items x 8");
    }
  }

  private static float[] rows(Tensor tensor, int first, int rows, Batch batch) {
    int width = tensor.width() * (tensor.capsules() ? batch.shape().capsules() : 1);
    return Arrays.copyOfRange(tensor.download(), first * width, (first + rows) * width);
  }

  /** Inputs and outputs of one projection; z is the batch's own or passes through a sequence. */
  private static final class Tensors {
    final CapsuleProjection projection;
    final Batch batch;
    final Tensor h;
    final Tensor w;
    final Tensor z;
    final Tensor dZ;
    final Tensor dH;
    final Tensor dW;

    Tensors(Subject subject, CapsuleCase size, double scale, boolean kept) {
      int d = size.d();
      int rows = size.interests() * d;
      projection = subject.backend().capsuleProjection();
      batch = size.batch(subject);
      int width = size.levels() * d;
      h = subject.input(batch.tensor(Axis.ITEMS, width, Lifetime.KEPT), scale);
      w = subject.input(subject.scope().floats(rows, d), scale);
      if (kept) {
        z = subject.output("z", batch.capsules(Axis.ITEMS, d, Lifetime.KEPT));
        dZ = subject.input(batch.capsules(Axis.ITEMS, d, Lifetime.KEPT), 1);
      } else {
        z = batch.capsules(Axis.ITEMS, d, Lifetime.LOCAL);
        dZ = z;
      }
      dH = subject.output("dH", batch.tensor(Axis.ITEMS, width, Lifetime.KEPT));
      dW = subject.output("dW", rows, d);
    }

    void forward() {
      projection.forward(batch, h, w, z);
    }

    void backward() {
      projection.backward(batch, h, w, dZ, dH, dW);
    }

    void both() {
      forward();
      backward();
    }
  }
}
