package io.mgnm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Who owns device memory, for how long, and which thread may use it. */
@SimulatedCuda
class CudaMemoryTest {

  @Test
  void theLedgerKnowsWhoOwnsWhat() {
    try (CudaContext context = Axpy.open()) {
      MemoryScope model = context.scope("model");
      model.floats(1000, "weights");
      try (MemoryScope step = context.scope("step")) {
        step.ints(10, "ids");
        step.floats(0, "nothing");
        assertThat(context.ledger().bytes()).isEqualTo(4040);
        assertThat(context.ledger().describe())
            .isEqualTo(
                """
                4040 bytes in use, at most 4040
                  memory scope 'model' with 4000 bytes, weights: 4000
                  memory scope 'step' with 40 bytes, ids: 40""");
      }
      assertThat(context.ledger().bytes()).isEqualTo(4000);
      model.close();
      model.close(); // again: nothing
      assertThat(context.ledger().bytes()).isZero();
      assertThat(context.ledger().peakBytes()).isEqualTo(4040);
      context.close();
      assertThat(context.leaks()).isEmpty();
    }
  }

  @Test
  void newMemoryIsZero() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      float[] values = {1, 2, 3};
      context.stream().download(scope.floats(3, "new"), values);
      assertThat(values).containsOnly(0f);
    }
  }

  @Test
  void closesInReverseOrderAndGoesOnAfterAFailure(Machine machine) {
    CudaContext context = Axpy.open();
    MemoryScope scope = context.scope("test");
    scope.floats(1, "first");
    scope.floats(2, "second");
    scope.floats(3, "third");
    machine.faults().fail("cuMemFree_v2", 1, 1);
    machine.faults().fail("cuMemFree_v2", 2, 101);
    assertThatThrownBy(scope::close)
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("CUDA_ERROR_INVALID_VALUE (1)")
        .satisfies(
            e ->
                assertThat(e.getSuppressed())
                    .singleElement()
                    .asString()
                    .contains("CUDA_ERROR_INVALID_DEVICE (101)"));
    assertThat(machine.trace().calls("cuMemFree_v2")).hasSize(3);
    assertThat(scope.isOpen()).isFalse();
    context.close();
    // The two that the driver would not take back are the device's leaks, as on a real one.
    assertThat(machine.findings().take()).hasSize(2);
  }

  @Test
  void aScopeStillOpenIsALeakWhenItsContextCloses() {
    CudaContext context = Axpy.open();
    context.scope("forgotten").floats(5, "tensor");
    context.close();
    assertThat(context.leaks())
        .containsExactly(
            "memory scope 'forgotten' with 20 bytes, tensor: 20 was open when its context closed");
  }

  @Test
  void aLostScopeIsReportedWhileItsContextLives() throws InterruptedException {
    try (CudaContext context = Axpy.open()) {
      context.scope("lost").floats(5, "tensor");
      for (int i = 0; i < 200 && context.leaks().isEmpty(); i++) {
        System.gc();
        Thread.sleep(10);
      }
      assertThat(context.leaks())
          .containsExactly(
              "memory scope 'lost' with 20 bytes, tensor: 20 was lost without being closed");
      assertThat(context.ledger().bytes()).as("a Cleaner only reports").isEqualTo(20);
    }
  }

  @Test
  @SimulatedCuda(memoryBytes = 64 << 20)
  void outOfMemorySaysWhoHoldsIt() {
    try (CudaContext context = Axpy.open();
        MemoryScope model = context.scope("model")) {
      model.floats(10 << 20, "embeddings");
      assertThatThrownBy(() -> model.floats(10 << 20, "moments"))
          .isInstanceOf(CudaOutOfMemoryException.class)
          .hasMessageContaining("41943040 bytes for moments")
          .hasMessageContaining("'model' with 41943040 bytes, embeddings: 41943040");
      model.floats(1 << 20, "smaller"); // and the scope goes on
    }
  }

  @Test
  void refusesImpossibleSizes() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      assertThatThrownBy(() -> scope.floats(-1, "x")).hasMessageContaining("x: count");
      assertThatThrownBy(() -> scope.floats(Long.MAX_VALUE / 2, "x"))
          .isInstanceOf(ArithmeticException.class);
      assertThatThrownBy(() -> scope.floats(4, "x").slice(2, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      DeviceBuffer buffer = scope.floats(4, "x");
      assertThatThrownBy(() -> context.stream().upload(buffer, new float[5]))
          .hasMessage("copy between x (4 FLOAT32) and 5 host values of FLOAT32");
      assertThatThrownBy(() -> context.stream().download(buffer, new int[4]))
          .hasMessageContaining("host values of INT32");
    }
  }

  @Test
  void useAfterCloseIsAnExceptionAndReachesNoDriver(Machine machine) {
    CudaContext context = Axpy.open();
    MemoryScope scope = context.scope("test");
    DeviceBuffer buffer = scope.floats(4, "x");
    CudaStream stream = context.stream();
    scope.close();
    context.close();
    context.close(); // again: nothing
    int calls = machine.trace().calls().size();
    String words =
        "CUDA context of device 0, Simulated H100 SXM (compute capability 9.0) is closed";
    assertThatThrownBy(() -> context.scope("more")).hasMessage(words);
    assertThatThrownBy(context::synchronize).hasMessage(words);
    assertThatThrownBy(() -> stream.clear(buffer)).hasMessage(words);
    assertThatThrownBy(() -> scope.floats(1, "y")).isInstanceOf(IllegalStateException.class);
    assertThat(machine.trace().calls()).hasSize(calls);
  }

  @Test
  void threadsTakeTurns() throws InterruptedException {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      DeviceBuffer buffer = scope.floats(3, "x");
      assertThat(failureElsewhere(() -> context.stream().upload(buffer, new float[] {1, 2, 3})))
          .isNull();
      float[] values = new float[3];
      context.stream().download(buffer, values);
      assertThat(values).containsExactly(1, 2, 3);
      AtomicReference<Throwable> meanwhile = new AtomicReference<>();
      context.exclusively(
          () -> meanwhile.set(failureElsewhere(() -> context.stream().download(buffer, values))));
      assertThat(meanwhile.get())
          .isInstanceOf(WrongThreadException.class)
          .hasMessageContaining("is in use by thread '" + Thread.currentThread().getName() + "'")
          .hasMessageContaining("while thread 'other' calls");
    }
  }

  private static Throwable failureElsewhere(Runnable call) {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread other = new Thread(call, "other");
    other.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
    other.start();
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return failure.get();
  }

  @Test
  void aGraphReplaysAndAFailedCaptureLeavesNothing() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      CudaKernel axpy = Axpy.load(context).kernel("axpy");
      DeviceBuffer x = scope.floats(3, "x");
      context.stream().upload(x, new float[] {1, 2, 3});
      KernelLaunch twice = axpy.prepare(LaunchShape.of(1, 32), x, x, 1f, 3);
      float[] values = new float[3];
      try (CudaGraph graph =
          context.stream().capture("double", () -> twice.run(context.stream()))) {
        context.stream().download(x, values);
        assertThat(values).as("nothing ran").containsExactly(1, 2, 3);
        graph.launch();
        graph.launch();
        context.stream().download(x, values);
        assertThat(values).containsExactly(4, 8, 12);
        graph.close();
        assertThatThrownBy(graph::launch).hasMessage("graph 'double' is closed");
      }
      assertThatThrownBy(
              () -> context.stream().capture("copy", () -> context.stream().download(x, values)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("a copy to or from the host cannot be captured");
      context.stream().download(x, values); // and the stream goes on
      assertThat(values).containsExactly(4, 8, 12);
    }
  }
}
