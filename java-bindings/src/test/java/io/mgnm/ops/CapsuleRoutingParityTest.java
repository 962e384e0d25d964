package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.CapsuleRouting.Encoded;
import io.mgnm.ops.CapsuleRouting.Gradient;
import io.mgnm.ops.CapsuleRouting.Options;
import io.mgnm.ops.CapsuleRouting.Softmax;
import io.mgnm.ops.parity.Bounds;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CapsuleRoutingParityTest {
  private static final List<Options> OPTIONS = options();

  /** The usual iterations and gradient with each softmax. */
  private static final List<Options> USUAL = List.of(OPTIONS.get(0), OPTIONS.get(4));

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("capsule_routing");
  }

  private static List<Options> options() {
    List<Options> all = new ArrayList<>();
    for (Encoded encoded : Encoded.values()) {
      for (Gradient gradient : Gradient.values()) {
        for (Softmax softmax : Softmax.values()) {
          for (int iterations : new int[] {3, 1, 2, 4}) {
            all.add(new Options(iterations, softmax, gradient, encoded));
          }
        }
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReference(Backend backend) {
    try (backend) {
      List<CapsuleCase> sizes = CapsuleCase.of(backend);
      for (int i = 0; i < sizes.size(); i++) {
        CapsuleCase size = sizes.get(i);
        for (Options options : cuda(backend) ? compiled(backend, size, i) : every(size, i)) {
          check(backend, size, options, 1);
        }
      }
    }
  }

  /** All for small sizes, else some: an odd step reaches every value of every option. */
  private static List<Options> every(CapsuleCase size, int number) {
    int step = Arrays.stream(size.lengths()).sum() <= 40 ? 1 : 5;
    List<Options> some = new ArrayList<>();
    for (int o = number % step; o < OPTIONS.size(); o += step) {
      some.add(OPTIONS.get(o));
    }
    return some;
  }

  /**
   * CUDA compiles kernels for each width and option, so its ordinary tests have few: the usual
   * width those of {@link #USUAL}, the others one on each of two generations.
   */
  private static List<Options> compiled(Backend backend, CapsuleCase size, int number) {
    int generation = generation(backend);
    if (size.d() == 16) {
      return USUAL;
    }
    return (number + generation) % 3 == 0
        ? List.of()
        : List.of(OPTIONS.get(number + 11 * generation));
  }

  private static boolean cuda(Backend backend) {
    return backend.name().equals("cuda");
  }

  private static int generation(Backend backend) {
    String name = backend.toString();
    return name.contains(" 7.5") ? 0 : name.contains(" 8.6") ? 1 : 2;
  }

  /** On CUDA those that {@link #USUAL} has been compiled for. */
  private static List<CapsuleCase> sizes(Backend backend) {
    return CapsuleCase.of(backend).stream().filter(s -> !cuda(backend) || s.d() == 16).toList();
  }

  /** On CUDA each generation has a third of the options. */
  @Tag("long")
  @ParameterizedTest
  @MethodSource("candidates")
  void agreesWithTheReferenceInEverySize(Backend backend) {
    try (backend) {
      int number = 0;
      for (int i = 0; i < CapsuleCase.ALL.size(); i++) {
        CapsuleCase size = CapsuleCase.ALL.get(i);
        for (Options options : every(size, i)) {
          if (!cuda(backend) || number++ % 3 == generation(backend)) {
            check(backend, size, options, 1);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void agreesOnExtremeValues(Backend backend) {
    try (backend) {
      for (double scale : new double[] {0, 1e-20, 30, 1e4}) {
        for (int o = 0; o < OPTIONS.size(); o++) {
          if (!cuda(backend) || (o % 5 == 2 && o / 5 % 3 == generation(backend))) {
            check(backend, new CapsuleCase(8, 2, 3, 5, 17, 1, 2), OPTIONS.get(o), scale);
          }
        }
      }
    }
  }

  private static void check(Backend backend, CapsuleCase size, Options options, double scale) {
    Parity.check(
        "capsule_routing, %s, %s, scale %g".formatted(size, options, scale),
        backend,
        size.seed() + options.iterations(),
        scale > 1 ? Bounds.ofLogits(10 * scale) : Bounds.DEFAULT, // |z| times some iterations
        subject -> {
          Tensors t = new Tensors(subject, size, options, scale);
          t.before();
          t.after();
          t.afterBackward();
          t.beforeBackward();
        });
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aRecordingWithLocalTensorsGivesTheSameBitsWithAnyNumberOfThreads(Backend backend) {
    try (backend) {
      List<Options> some = List.of(OPTIONS.get(0), OPTIONS.get(4), OPTIONS.get(20));
      for (CapsuleCase size : sizes(backend)) {
        for (Options options : cuda(backend) ? USUAL : some) {
          float[] expected = null;
          for (int threads = 1; threads <= (cuda(backend) ? 1 : 3); threads++) {
            try (Backend own = Backends.open(backend.name(), new BackendOptions(threads));
                Subject subject = new Subject(own, 3)) {
              Chain chain = new Chain(subject, size, options, Lifetime.KEPT);
              chain.run();
              float[] came = chain.gradient.download();
              expected = expected == null ? came : expected;
              assertThat(came).as("%s, %s, %d threads", size, options, threads).isEqualTo(expected);
              Chain local = chain.again(Lifetime.LOCAL);
              try (Sequence sequence = own.record("chain", local::run)) {
                for (int run = 0; run < 2; run++) {
                  local.gradient.upload(new float[expected.length]);
                  sequence.run();
                  assertThat(local.gradient.download()).isEqualTo(expected);
                }
              }
            }
          }
        }
      }
    }
  }

  /** Devices hold vectors in shared memory as they have room, and else read them again. */
  @Test
  void everyDeviceGivesTheSameBits() {
    CapsuleCase size = new CapsuleCase(16, 1, 1, 900, 2); // 7.5 has no room for 900
    float[] expected = null;
    Iterator<Backend> devices = candidates().filter(CapsuleRoutingParityTest::cuda).iterator();
    while (devices.hasNext()) { // one is open at a time
      try (Backend device = devices.next();
          Subject subject = new Subject(device, 17)) {
        Chain chain = new Chain(subject, size, OPTIONS.get(0), Lifetime.KEPT);
        chain.run();
        float[] came = chain.gradient.download();
        expected = expected == null ? came : expected;
        assertThat(came).as("%s", device).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void aHistoryAloneEqualsTheHistoryInABatch(Backend backend) {
    try (backend) {
      for (CapsuleCase size : sizes(backend)) {
        for (Options options : USUAL) {
          try (Subject subject = new Subject(backend, 9)) {
            Chain all = new Chain(subject, size, options, Lifetime.KEPT);
            all.run();
            int first = 0;
            int row = size.levels() * size.interests();
            for (int n : size.lengths()) {
              CapsuleCase one = new CapsuleCase(size.d(), size.levels(), size.interests(), n);
              Chain alone = new Chain(subject, one, options, Lifetime.KEPT);
              alone.h.upload(part(all.h, first * size.levels() * size.d(), alone.h.size()));
              alone.w.upload(all.w.download());
              alone.logits.upload(part(all.logits, first * row, n * row));
              alone.run();
              assertThat(alone.gradient.download())
                  .as("%s, length %d, %s", size, n, options)
                  .isEqualTo(part(all.gradient, first * row * size.d(), n * row * size.d()));
              first += n;
            }
          }
        }
      }
    }
  }

  private static float[] part(Tensor tensor, int from, int size) {
    return Arrays.copyOfRange(tensor.download(), from, from + size);
  }

  /** With all z one vector e, v is Σ c · e, and squashing shows Σ c. */
  @ParameterizedTest
  @MethodSource("candidates")
  void couplingsSumToOne(Backend backend) {
    try (backend) {
      for (CapsuleCase size : sizes(backend)) {
        try (Subject subject = new Subject(backend, 21)) {
          for (Options options : USUAL) {
            Tensors t = new Tensors(subject, size, options, 1);
            float[] ones = new float[t.y.size()];
            for (int i = 0; i < ones.length; i += size.d()) {
              ones[i] = 1;
            }
            t.y.upload(ones);
            t.after();
            float[] o = t.o.download();
            for (int b = 0; b < size.lengths().length; b++) {
              for (int level = 0; level < size.levels(); level++) {
                double total = 0;
                for (int i = 0; i < size.interests(); i++) {
                  int capsule = (b * size.levels() + level) * size.interests() + i;
                  double sum = unsquash(o[capsule * size.d()]);
                  total += sum;
                  if (options.softmax() == Softmax.POSITIONS) {
                    assertThat(sum).isBetween(0.99, 1.01);
                  }
                }
                if (options.softmax() == Softmax.INTERESTS && size.lengths()[b] == 1) {
                  assertThat(total).isBetween(0.999, 1.001);
                }
              }
            }
          }
        }
      }
    }
  }

  /** r of |o| = r²/(1 + r²). */
  private static double unsquash(double length) {
    return Math.sqrt(length / (1 - length));
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void refusesOtherShapes(Backend backend) {
    try (backend;
        Subject subject = new Subject(backend, 1)) {
      Tensors t = new Tensors(subject, new CapsuleCase(4, 2, 3, 5), OPTIONS.get(0), 1);
      assertThatThrownBy(() -> t.routing.before(t.batch, t.z, t.z, t.updated))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "capsule_routing.before: logits: expected items x capsules x 1,"
                  + " got items x capsules x 4");
      assertThatThrownBy(() -> t.routing.after(t.batch, t.z, t.y, t.start, t.y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "capsule_routing.after: outputs: expected histories x capsules x 4,"
                  + " got items x capsules x 4");
    }
  }

  /** Every half with inputs of its own, so that errors do not add up. */
  private static final class Tensors {
    final Batch batch;
    final CapsuleRouting routing;
    final Tensor z;
    final Tensor y;
    final Tensor logits;
    final Tensor start;
    final Tensor gamma;
    final Tensor dO;
    final Tensor direct;
    final Tensor updated;
    final Tensor o;
    final Tensor dY;
    final Tensor dStart;
    final Tensor dDirect;
    final Tensor dZ;

    Tensors(Subject subject, CapsuleCase size, Options options, double scale) {
      int d = size.d();
      batch = size.batch(subject);
      routing = subject.backend().capsuleRouting(options);
      z = subject.input(items(d), scale);
      y = subject.input(items(d), scale);
      logits = subject.input(items(1), 1);
      start = subject.input(items(1), 1);
      gamma = subject.input(items(1), 1);
      dO = subject.input(batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT), 1);
      direct = subject.input(items(d), 1);
      updated = subject.output("updated", items(1));
      o = subject.output("o", batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT));
      dY = subject.output("dY", items(d));
      dStart = subject.output("dUpdated", items(1));
      boolean agreement = options.encoded() == Encoded.AGREEMENT;
      dDirect = agreement ? subject.output("dDirect", items(d)) : items(d);
      dZ = subject.input(subject.output("dZ", items(d)), 1);
    }

    private Tensor items(int width) {
      return batch.capsules(Axis.ITEMS, width, Lifetime.KEPT);
    }

    void before() {
      routing.before(batch, z, logits, updated);
    }

    void after() {
      routing.after(batch, z, y, start, o);
    }

    void afterBackward() {
      routing.afterBackward(batch, z, y, start, dO, dY, dStart, dDirect);
    }

    void beforeBackward() {
      routing.beforeBackward(batch, z, logits, gamma, direct, dZ);
    }
  }

  /** Projection and routing forth and back; o stands for its own derivative, z for y. */
  private static final class Chain {
    final Subject subject;
    final CapsuleCase size;
    final Options options;
    final Batch batch;
    final CapsuleProjection projection;
    final CapsuleRouting routing;
    final Tensor h;
    final Tensor w;
    final Tensor logits;
    final Tensor z;
    final Tensor o;
    final Tensor updated;
    final Tensor dUpdated;
    final Tensor direct;
    final Tensor gradient;

    Chain(Subject subject, CapsuleCase size, Options options, Lifetime between) {
      this.subject = subject;
      this.size = size;
      this.options = options;
      int d = size.d();
      batch = size.batch(subject);
      projection = subject.backend().capsuleProjection();
      routing = subject.backend().capsuleRouting(options);
      h = subject.input(batch.tensor(Axis.ITEMS, size.levels() * d, Lifetime.KEPT), 1);
      w = subject.input(subject.scope().floats(size.interests() * d, d), 0.3);
      logits = subject.input(batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT), 1);
      z = batch.capsules(Axis.ITEMS, d, between);
      o = batch.capsules(Axis.HISTORIES, d, between);
      updated = batch.capsules(Axis.ITEMS, 1, between);
      dUpdated = batch.capsules(Axis.ITEMS, 1, between);
      direct = batch.capsules(Axis.ITEMS, d, between);
      gradient = batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
    }

    /** The same inputs with other tensors. */
    Chain again(Lifetime between) {
      Chain other = new Chain(subject, size, options, between);
      other.h.upload(h.download());
      other.w.upload(w.download());
      other.logits.upload(logits.download());
      return other;
    }

    void run() {
      projection.forward(batch, h, w, z);
      routing.before(batch, z, logits, updated);
      routing.after(batch, z, z, updated, o);
      routing.afterBackward(batch, z, z, updated, o, gradient, dUpdated, direct);
      routing.beforeBackward(batch, z, logits, dUpdated, direct, gradient);
    }
  }
}
