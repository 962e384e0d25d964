package io.mgnm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.mgnm.SimulatedMachines;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.cuda.CudaContext;
import io.mgnm.cuda.CudaDriver;
import io.mgnm.cuda.CudaEvent;
import io.mgnm.cuda.CudaStream;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.MemoryScope;
import io.mgnm.cuda.PinnedBuffer;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import io.mgnm.simulator.driver.CallTrace.Call;
import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Check;
import io.mgnm.train.TestRuns;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Every function of the driver, of cuBLAS and of cuDNN fails once: at its first, its middle and its
 * last call, the last also for want of memory. Each ends in an exception that names the call, with
 * everything given back.
 */
@ResourceLock(SimulatedMachines.LOCK)
class CudaFaultsTest {
  private static final Set<String> LIBRARIES =
      Set.of("jcuda.driver.JCudaDriver", "jcuda.jcublas.JCublas2", "jcuda.jcudnn.JCudnn");

  /** They put a failure into words, and are asked after one only. */
  private static final Set<String> TEXTS =
      Set.of("cuGetErrorName", "cuGetErrorString", "cudnnGetErrorString");

  private static final Runnable TRAINING = CudaFaultsTest::train;
  private static final Runnable CUDNN = CudaFaultsTest::trainWithCudnn;
  private static final Runnable SCORING = CudaFaultsTest::score;
  private static final Runnable STREAMS = CudaFaultsTest::copyBesideTheStream;

  private static final MachineOptions MACHINE =
      MachineOptions.defaults().withChecks(EnumSet.noneOf(Check.class)).withCounting(false);

  /** What gives something back, or must come before: where it fails, something is lost. */
  private static final List<String> RELEASES =
      List.of("Free", "Destroy", "Unload", "Release", "SetCurrent");

  private static Settings settings(String encoder, String implementation) {
    return TestRuns.settings()
        .with(Key.BATCH, 4)
        .with(Key.TRUNCATION, 12)
        .with(Key.ENCODER, encoder)
        .with(Key.ENCODER_IMPLEMENTATION, implementation);
  }

  @Test
  void training() {
    everyCallFailsOnce(TRAINING);
  }

  @Test
  void trainingWithCudnnAndCublas() {
    everyCallFailsOnce(CUDNN);
  }

  @Test
  void scoring() {
    everyCallFailsOnce(SCORING);
  }

  @Test
  void streamsEventsAndPinnedMemory() {
    everyCallFailsOnce(STREAMS);
  }

  /** Whatever the library can call has failed in one of the tests above. */
  @Test
  void noFunctionIsLeftOut() {
    Set<String> failed = new TreeSet<>();
    for (Runnable program : List.of(TRAINING, CUDNN, SCORING, STREAMS)) {
      calls(program).keySet().forEach(function -> failed.add(plain(function)));
    }
    Set<String> called = new TreeSet<>();
    for (JavaClass each : new ClassFileImporter().importPackages("io.mgnm.cuda")) {
      each.getMethodCallsFromSelf().stream()
          .filter(call -> LIBRARIES.contains(call.getTargetOwner().getName()))
          .map(call -> call.getTarget().getName())
          .filter(function -> function.matches("cu(da|blas|dnn)?[A-Z].*"))
          .forEach(function -> called.add(plain(function)));
    }
    assertThat(called).hasSizeGreaterThan(50).contains("cuMemAlloc", "cublasCreate", "cudnnCreate");
    called.removeAll(TEXTS);
    called.removeAll(failed);
    assertThat(called).isEmpty();
  }

  /** The name without what tells versions of a function apart. */
  private static String plain(String function) {
    return function
        .replaceAll("(_v\\d+|WithFlags)$", "")
        .replace("cuModuleLoadDataJIT", "cuModuleLoadDataEx"); // JCuda's name
  }

  private static Map<String, Long> calls(Runnable program) {
    Map<String, Long> counts = new LinkedHashMap<>();
    SimulatedMachines.run(
        MACHINE,
        machine -> {
          program.run();
          for (Call call : machine.trace().calls()) {
            counts.merge(call.function(), 1L, Long::sum);
          }
        });
    return counts;
  }

  private static void everyCallFailsOnce(Runnable program) {
    List<String> failures = new ArrayList<>();
    calls(program)
        .forEach(
            (function, count) -> {
              for (long n : new TreeSet<>(List.of(1L, (count + 1) / 2, count))) {
                for (int code :
                    n == count ? codes(function) : List.of(codes(function).getFirst())) {
                  String fault = fails(program, function, Math.toIntExact(n), code);
                  if (!fault.isEmpty()) {
                    failures.add(
                        "%s, call %d of %d, code %d: %s"
                            .formatted(function, n, count, code, fault));
                  }
                }
              }
            });
    assertThat(failures).isEmpty();
  }

  /** What is wrong with how a failure ends; nothing where it ends well. */
  private static String fails(Runnable program, String function, int n, int code) {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    List<Finding> findings =
        SimulatedMachines.findings(
            MACHINE,
            machine -> {
              machine.faults().fail(function, n, code);
              thrown.set(catchThrowable(program::run));
            });
    Throwable failure = thrown.get();
    if (failure == null) {
      return "went unnoticed";
    }
    if (!failure.getMessage().contains(function.replaceAll("(_v\\d+|WithFlags)$", ""))) {
      return "does not name the call: " + failure;
    }
    boolean releases = RELEASES.stream().anyMatch(function::contains);
    return findings.stream()
        .filter(finding -> !(releases && finding.kind() == Finding.Kind.LEAK))
        .map(Finding::toString)
        .collect(Collectors.joining("; "));
  }

  /** An error, and that there is no memory. */
  private static List<Integer> codes(String function) {
    if (function.startsWith("cublas")) {
      return List.of(13, 3); // CUBLAS_STATUS_EXECUTION_FAILED, _ALLOC_FAILED
    }
    if (function.startsWith("cudnn")) {
      return List.of(5000, 4003); // CUDNN_STATUS_EXECUTION_FAILED, _HOST_ALLOCATION_FAILED
    }
    return List.of(999, 2); // CUDA_ERROR_UNKNOWN, _OUT_OF_MEMORY
  }

  private static void train() {
    train(settings("bilstm", "persistent"));
  }

  private static void trainWithCudnn() {
    train(settings("bilstm-projected", "cudnn"));
  }

  private static void train(Settings settings) {
    TrainingStepParityTest.use(
        Backends.open("cuda", new BackendOptions(1)),
        settings,
        (step, state, parameters) -> {
          step.run();
          step.run();
          assertThat(state.read().stepsDone()).isEqualTo(2);
        });
  }

  /** Scores, and finds the best items of the catalogue. */
  private static void score() {
    Settings settings = settings("bilstm", "persistent");
    ModelConfig config = ModelConfig.of(settings);
    try (Backend backend = Backends.open("cuda", new BackendOptions(1));
        Scope scope = backend.scope("test")) {
      Parameters parameters = Parameters.allocate(scope, config, 9, 2);
      for (Tensor tensor : List.of(parameters.items(), parameters.users(), parameters.weights())) {
        tensor.upload(new float[tensor.size()]);
      }
      try (ScoringStep step = new ScoringStep(backend, settings, parameters, 2, 3)) {
        step.run(
            new Histories(
                new int[] {0, 1},
                new int[] {0, 1},
                new int[] {0, 2, 3},
                new int[] {4, 5, 6},
                new int[] {1, 2, 3, 4, 5, 6}));
        assertThat(step.scores()).hasSize(6);
        IntTensor targets = scope.ints(2);
        targets.upload(new int[] {1, 2});
        IntTensor counts = scope.ints(6);
        RaggedIds none = scope.raggedIds(2, 0);
        none.upload(new int[3], new int[0]);
        backend
            .topK(new TopK.Options(config.readout().attention(), config.readout().readout()))
            .rank(step.batch(), step.interests(), parameters.items(), none, targets, counts);
        assertThat(counts.download()[2]).isZero();
      }
    }
  }

  /** What a program that embeds kernels has beside a backend's one stream. */
  private static void copyBesideTheStream() {
    try (CudaContext context = CudaContext.open(CudaDriver.devices().getFirst());
        MemoryScope scope = context.scope("test");
        PinnedBuffer pinned = context.pinned(12, "pinned");
        CudaEvent begin = context.newEvent();
        CudaEvent end = context.newEvent();
        CudaStream second = context.newStream()) {
      DeviceBuffer x = scope.floats(3, "x");
      begin.record(context.stream());
      context.stream().uploadAsync(x, pinned);
      end.record(context.stream());
      second.waitFor(end);
      second.downloadAsync(x, pinned);
      pinned.await();
      assertThat(pinned.isIdle()).isTrue();
      end.await();
      assertThat(end.isReached()).isTrue();
      assertThat(end.millisecondsSince(begin)).isNotNegative();
      context.synchronize();
      assertThat(context.freeBytes()).isPositive();
    }
  }
}
