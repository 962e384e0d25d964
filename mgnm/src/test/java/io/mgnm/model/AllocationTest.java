package io.mgnm.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.train.TestRuns;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A step on the CPU allocates nothing, by the JVM's own counter of every thread. */
@Tag("long") // the compiler must have been through all of it
class AllocationTest {
  private static final int STEPS = 10;
  private static final long SECONDS = 200;

  @ParameterizedTest
  @CsvSource({
    "2, encoder=bilstm",
    "2, encoder=bilstm-projected",
    "2, encoder=transformer",
    "2, embedding.update=dense",
    "2, recent.weight=1.5 model.d=20",
    "1, model.d=16 model.interests=4 model.layers=3",
    "2, model.d=16 model.interests=4 model.layers=3",
    "1, model.d=40 model.interests=4 model.layers=3",
    "2, model.d=40 model.interests=4 model.layers=3"
  })
  void aWarmStepAllocatesNothing(int workers, String assignments) {
    Settings settings = TestRuns.settings(assignments);
    ModelConfig config = ModelConfig.of(settings);
    int users = 50;
    int items = 100;
    try (Backend backend = Backends.open("cpu", new BackendOptions(workers));
        Scope scope = backend.scope("test")) {
      Parameters p = Parameters.allocate(scope, config, items, users);
      fill(p.items());
      fill(p.users());
      fill(p.weights());
      StepState state = scope.stepState();
      state.set(0, settings.real(Key.LEARNING_RATE));
      try (TrainingStep step =
          new TrainingStep(
              backend,
              settings,
              p,
              Optimizer.allocate(scope, p),
              samples(scope, users, items),
              state)) {
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] threads = threads();
        assertThat(threads).hasSize(workers);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        long allocated = Long.MAX_VALUE;
        while (allocated > 0 && System.nanoTime() < deadline) { // until all is compiled
          long before = allocated(bean, threads);
          for (int i = 0; i < STEPS; i++) {
            step.run();
          }
          allocated = allocated(bean, threads) - before;
        }
        assertThat(allocated).as("bytes of %d steps", STEPS).isZero();
        assertThat(state.read().failedStep()).isEqualTo(-1);
      }
    }
  }

  /** The calling thread and the CPU backend's workers. */
  private static long[] threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t == Thread.currentThread() || t.getName().startsWith("mgnm-cpu-"))
        .mapToLong(Thread::threadId)
        .toArray();
  }

  /** Bytes that threads have allocated. Allocates nothing itself. */
  private static long allocated(ThreadMXBean bean, long[] threads) {
    long sum = 0;
    for (long thread : threads) {
      sum += bean.getThreadAllocatedBytes(thread);
    }
    return sum;
  }

  /** Histories of 1 to 24 events, of which the longest are cut. */
  private static BatchSampling.Samples samples(Scope scope, int users, int items) {
    SplittableRandom random = new SplittableRandom(1);
    int[] offsets = new int[users + 1];
    for (int user = 0; user < users; user++) {
      offsets[user + 1] = offsets[user] + 2 + user % 24;
    }
    int[] events = random.ints(offsets[users], 0, items).toArray();
    int[] sampleUsers = new int[offsets[users] - users];
    int[] sampleEvents = new int[sampleUsers.length];
    int sample = 0;
    for (int user = 0; user < users; user++) {
      for (int i = 1; i < offsets[user + 1] - offsets[user]; i++) {
        sampleUsers[sample] = user;
        sampleEvents[sample++] = offsets[user] + i;
      }
    }
    int[] catalogue = new int[items];
    for (int item = 0; item < items; item++) {
      catalogue[item] = item;
    }
    return new BatchSampling.Samples(
        ints(scope, events),
        ints(scope, offsets),
        ints(scope, sampleUsers),
        ints(scope, sampleEvents),
        ints(scope, catalogue),
        ints(scope, new int[0]),
        scope.floats(0, 1));
  }

  private static IntTensor ints(Scope scope, int[] values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }

  private static void fill(Tensor tensor) {
    SplittableRandom random = new SplittableRandom(2);
    float[] values = new float[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * 0.2);
    }
    tensor.upload(values);
  }
}
