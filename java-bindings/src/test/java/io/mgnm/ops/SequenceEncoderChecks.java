package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.mgnm.ops.GradientCheck.Pair;
import io.mgnm.ops.parity.Subject;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** What every {@link SequenceEncoder} must satisfy; an encoder's own test calls each check. */
final class SequenceEncoderChecks {
  private final int d;
  private final double weightScale;
  private final Function<Backend, SequenceEncoder> encoder;

  /**
   * @param weightScale spread of the random weights
   * @param encoder makes the encoder of width {@code d}
   */
  SequenceEncoderChecks(int d, double weightScale, Function<Backend, SequenceEncoder> encoder) {
    this.d = d;
    this.weightScale = weightScale;
    this.encoder = encoder;
  }

  /** One forward and backward on a subject, with outputs named y, dZ and dW. */
  void run(Subject subject, int[] lengths, int levels, int interests, double scale) {
    SequenceEncoder operation = encoder.apply(subject.backend());
    Batch batch = subject.batch(lengths, 0, d, levels, interests);
    Tensor w = subject.input(subject.scope().floats(1, operation.weights()), weightScale);
    Tensor z = subject.input(items(batch), scale);
    Tensor dY = subject.input(items(batch), 1);
    Tensor y = subject.output("y", items(batch));
    Tensor dZ = subject.output("dZ", items(batch));
    Tensor dW = subject.output("dW", 1, operation.weights());
    Tensor tape = operation.tape(batch, Lifetime.KEPT);
    operation.forward(batch, z, w, y, tape);
    operation.backward(batch, z, w, y, tape, dY, dZ, dW);
  }

  void gradient(int... lengths) {
    try (GradientCheck check = new GradientCheck(7)) {
      Subject subject = check.subject();
      SequenceEncoder operation = encoder.apply(check.backend());
      Batch batch = subject.batch(lengths, 0, d, 2, 2);
      Tensor z = subject.input(items(batch), 1);
      Tensor w = subject.input(subject.scope().floats(1, operation.weights()), weightScale);
      Tensor y = items(batch);
      Tensor dY = items(batch);
      Tensor dZ = items(batch);
      Tensor dW = subject.scope().floats(1, operation.weights());
      Tensor tape = operation.tape(batch, Lifetime.KEPT);
      check.verify(
          () -> operation.forward(batch, z, w, y, tape),
          List.of(new Pair("y", y, dY)),
          () -> operation.backward(batch, z, w, y, tape, dY, dZ, dW),
          List.of(new Pair("z", z, dZ), new Pair("w", w, dW)));
    }
  }

  /** A history alone gives the same bits as in a batch, whatever its neighbours. */
  void historyAloneEqualsHistoryInBatch(Backend backend, int levels, int interests) {
    int[] lengths = {5, 17, 1, 33, 16, 2, 33};
    Map<String, float[]> all = results(backend, lengths, levels, interests);
    int perItem = levels * interests * d;
    int begin = 0;
    for (int length : lengths) {
      int from = begin * perItem;
      int to = (begin + length) * perItem;
      try (Subject subject = new Subject(backend, 3)) {
        SequenceEncoder operation = encoder.apply(backend);
        Batch batch = subject.batch(new int[] {length}, 0, d, levels, interests);
        Tensor w = subject.input(subject.scope().floats(1, operation.weights()), all.get("w"));
        Tensor z = subject.input(items(batch), Arrays.copyOfRange(all.get("z"), from, to));
        Tensor dY = subject.input(items(batch), Arrays.copyOfRange(all.get("dY"), from, to));
        Tensor y = subject.output("y", items(batch));
        Tensor dZ = subject.output("dZ", items(batch));
        Tensor dW = subject.output("dW", 1, operation.weights());
        Tensor tape = operation.tape(batch, Lifetime.KEPT);
        operation.forward(batch, z, w, y, tape);
        operation.backward(batch, z, w, y, tape, dY, dZ, dW);
        assertThat(y.download()).containsExactly(Arrays.copyOfRange(all.get("y"), from, to));
        assertThat(dZ.download()).containsExactly(Arrays.copyOfRange(all.get("dZ"), from, to));
      }
      begin += length;
    }
  }

  private Map<String, float[]> results(Backend backend, int[] lengths, int levels, int interests) {
    try (Subject subject = new Subject(backend, 11)) {
      SequenceEncoder operation = encoder.apply(backend);
      Batch batch = subject.batch(lengths, 0, d, levels, interests);
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("w", subject.input(subject.scope().floats(1, operation.weights()), weightScale));
      for (String name : List.of("z", "dY", "y", "dZ")) {
        tensors.put(name, subject.input(items(batch), 1));
      }
      tensors.put("dW", subject.scope().floats(1, operation.weights()));
      Tensor tape = operation.tape(batch, Lifetime.KEPT);
      operation.forward(batch, tensors.get("z"), tensors.get("w"), tensors.get("y"), tape);
      operation.backward(
          batch,
          tensors.get("z"),
          tensors.get("w"),
          tensors.get("y"),
          tape,
          tensors.get("dY"),
          tensors.get("dZ"),
          tensors.get("dW"));
      Map<String, float[]> values = new LinkedHashMap<>();
      tensors.forEach((name, tensor) -> values.put(name, tensor.download()));
      return values;
    }
  }

  /** One recording with local intermediates, run twice, gives the bits of immediate calls. */
  void recordingEqualsImmediateCalls(Backend backend, int levels, int interests) {
    int[] lengths = {100, 3, 60, 1, 31, 64};
    Map<String, float[]> expected = results(backend, lengths, levels, interests);
    try (Subject subject = new Subject(backend, 11)) {
      SequenceEncoder operation = encoder.apply(backend);
      Batch batch = subject.batch(lengths, 0, d, levels, interests);
      Tensor w = subject.input(subject.scope().floats(1, operation.weights()), expected.get("w"));
      Tensor z = subject.input(items(batch), expected.get("z"));
      Tensor dY = subject.input(items(batch), expected.get("dY"));
      Tensor y = batch.capsules(Axis.ITEMS, d, Lifetime.LOCAL);
      Tensor dZ = subject.output("dZ", items(batch));
      Tensor dW = subject.output("dW", 1, operation.weights());
      Tensor tape = operation.tape(batch, Lifetime.LOCAL);
      Runnable step =
          () -> {
            operation.forward(batch, z, w, y, tape);
            operation.backward(batch, z, w, y, tape, dY, dZ, dW);
          };
      try (Sequence sequence = backend.record("encoder", step)) {
        for (int run = 0; run < 2; run++) {
          sequence.run();
          assertThat(dZ.download()).containsExactly(expected.get("dZ"));
          assertThat(dW.download()).containsExactly(expected.get("dW"));
        }
      }
    }
  }

  /**
   * All CUDA devices give the same bits.
   *
   * @param candidates opened one after another, and closed
   */
  void devicesChangeNothing(Stream<Backend> candidates, int levels, int interests) {
    int[] lengths = {100, 3, 60, 1};
    List<Map<String, float[]>> all = new ArrayList<>();
    candidates.forEach(
        backend -> {
          try (backend) {
            if (backend.name().equals("cuda")) {
              all.add(results(backend, lengths, levels, interests));
            }
          }
        });
    assertThat(all).hasSizeGreaterThan(1);
    for (Map<String, float[]> came : all) {
      came.forEach((name, values) -> assertThat(values).as(name).isEqualTo(all.get(0).get(name)));
    }
  }

  /** The number of threads changes no bit. */
  void threadsChangeNothing(String backendName) {
    int[] lengths = {100, 3, 60, 1, 31, 64, 100, 90, 7};
    Map<String, float[]> expected = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (Backend backend = Backends.open(backendName, new BackendOptions(threads))) {
        Map<String, float[]> came = results(backend, lengths, 3, 3);
        if (expected == null) {
          expected = came;
        }
        for (String name : came.keySet()) {
          assertThat(came.get(name)).as(name).containsExactly(expected.get(name));
        }
      }
    }
  }

  /**
   * Once compiled, a recorded forward and backward allocates nothing: a vector that the compiler
   * leaves on the heap costs more than the arithmetic it takes part in.
   */
  void allocatesNothing(String backendName, int levels, int interests) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Backend backend = Backends.open(backendName, new BackendOptions(1));
        Subject subject = new Subject(backend, 11)) {
      SequenceEncoder operation = encoder.apply(backend);
      Batch batch = subject.batch(new int[] {40, 33, 5}, 0, d, levels, interests);
      Tensor w = subject.input(subject.scope().floats(1, operation.weights()), weightScale);
      Tensor z = subject.input(items(batch), 1);
      Tensor tape = operation.tape(batch, Lifetime.LOCAL);
      Tensor y = items(batch);
      Tensor dZ = items(batch);
      Tensor dW = subject.scope().floats(1, operation.weights());
      Runnable step =
          () -> {
            operation.forward(batch, z, w, y, tape);
            operation.backward(batch, z, w, y, tape, y, dZ, dW);
          };
      try (Sequence sequence = backend.record("encoder", step)) {
        long deadline = System.nanoTime() + 60_000_000_000L;
        long allocated;
        do {
          for (int i = 0; i < 200; i++) {
            sequence.run();
          }
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < 20; i++) {
            sequence.run();
          }
          allocated = threads.getCurrentThreadAllocatedBytes() - before;
        } while (allocated > 0 && System.nanoTime() < deadline);
        assertThat(allocated).isZero();
      }
    }
  }

  void refusesOtherShapes(Backend backend, String operationName) {
    try (Subject subject = new Subject(backend, 5)) {
      SequenceEncoder operation = encoder.apply(backend);
      Batch batch = subject.batch(new int[] {3}, 0, d, 1, 1);
      Tensor z = items(batch);
      Tensor wide = batch.capsules(Axis.ITEMS, d + 2, Lifetime.KEPT);
      Tensor w = subject.scope().floats(1, operation.weights());
      Tensor shortWeights = subject.scope().floats(1, operation.weights() - 1);
      Tensor tape = operation.tape(batch, Lifetime.KEPT);
      assertThatThrownBy(() -> operation.forward(batch, wide, w, z, tape))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "%s.forward: z, y, dY or dZ: expected items x capsules x %d, got items x capsules x %d"
                  .formatted(operationName, d, d + 2));
      assertThatThrownBy(() -> operation.forward(batch, z, shortWeights, z, tape))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith(operationName + ".forward: w: expected fixed, ");
      assertThatThrownBy(() -> operation.backward(batch, z, w, z, tape, z, z, shortWeights))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith(operationName + ".backward: w: expected fixed, ");
      assertThatThrownBy(() -> operation.forward(batch, z, w, z, z))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith(operationName + ".forward: tape: expected ");
    }
  }

  private Tensor items(Batch batch) {
    return batch.capsules(Axis.ITEMS, d, Lifetime.KEPT);
  }
}
