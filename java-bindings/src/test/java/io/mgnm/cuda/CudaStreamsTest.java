package io.mgnm.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Streams, events and pinned memory; the simulated device runs work as late as it may. */
@SimulatedCuda
class CudaStreamsTest {

  @Test
  void copiesRunBehindJavaAndTheEventTellsWhenTheyAreDone() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        PinnedBuffer from = context.pinned(4 * 3, "input");
        PinnedBuffer to = context.pinned(4 * 3, "output")) {
      CudaStream stream = context.stream();
      DeviceBuffer x = scope.floats(3, "x");
      MemorySegment.copy(new float[] {1, 2, 3}, 0, from.segment(), JAVA_FLOAT, 0, 3);
      stream.uploadAsync(x, from);
      Axpy.load(context).kernel("axpy").launch(stream, LaunchShape.of(1, 32), x, x, 1f, 3);
      stream.downloadAsync(x, to);
      assertThat(to.isIdle()).as("nothing has run yet").isFalse();
      to.await();
      assertThat(to.isIdle()).isTrue();
      assertThat(to.segment().toArray(JAVA_FLOAT)).containsExactly(2, 4, 6);
    }
  }

  @Test
  void closingPinnedMemoryWaitsForItsCopy(Machine machine) {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test")) {
      DeviceBuffer x = scope.floats(3, "x");
      PinnedBuffer to = context.pinned(12, "output");
      MemorySegment segment = to.segment();
      context.stream().downloadAsync(x, to);
      to.close();
      to.close(); // again: nothing
      assertThat(machine.findings().isEmpty()).isTrue();
      assertThatThrownBy(() -> segment.get(JAVA_FLOAT, 0))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(to::segment).hasMessage("output (12 pinned bytes) is closed");
      assertThatThrownBy(() -> context.stream().downloadAsync(x, to))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void anEventOrdersTwoStreams() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        PinnedBuffer to = context.pinned(12, "output");
        CudaEvent written = context.newEvent();
        CudaStream second = context.newStream()) {
      DeviceBuffer x = scope.floats(3, "x");
      context.stream().upload(x, new float[] {1, 2, 3});
      Axpy.load(context)
          .kernel("axpy")
          .launch(context.stream(), LaunchShape.of(1, 32), x, x, 1f, 3);
      written.record(context.stream());
      second.waitFor(written);
      second.downloadAsync(x, to);
      to.await();
      assertThat(to.segment().toArray(JAVA_FLOAT)).containsExactly(2, 4, 6);
    }
  }

  /** The same without the event: the device must notice, or the test above proves nothing. */
  @Test
  void withoutTheEventTheDeviceReportsTheRace(Machine machine) {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        PinnedBuffer to = context.pinned(12, "output");
        CudaStream second = context.newStream()) {
      DeviceBuffer x = scope.floats(3, "x");
      context.stream().upload(x, new float[] {1, 2, 3});
      Axpy.load(context)
          .kernel("axpy")
          .launch(context.stream(), LaunchShape.of(1, 32), x, x, 1f, 3);
      second.downloadAsync(x, to);
      to.await();
    }
    assertThat(machine.findings().take()).isNotEmpty();
  }

  @Test
  void eventsMeasureTheDevice() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        CudaEvent begin = context.newEvent();
        CudaEvent end = context.newEvent()) {
      assertThatThrownBy(() -> end.millisecondsSince(begin))
          .hasMessage("both events must be recorded before they are compared");
      begin.record(context.stream());
      context.stream().clear(scope.floats(1000, "x"));
      end.record(context.stream());
      assertThat(end.millisecondsSince(begin)).isGreaterThanOrEqualTo(0);
      end.close();
      assertThatThrownBy(end::await).hasMessage("the event is closed");
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        PinnedBuffer small = context.pinned(8, "small")) {
      DeviceBuffer x = scope.floats(3, "x");
      assertThatThrownBy(() -> context.stream().uploadAsync(x, small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("copy between x (3 FLOAT32) and small (8 pinned bytes)");
      assertThatThrownBy(() -> context.pinned(0, "none"))
          .hasMessage("none: pinned memory has 1 byte to 2 GiB, got 0");
    }
  }

  @Test
  void whatIsLeftOpenIsClosedByTheContext(Machine machine) {
    CudaContext context = Axpy.open();
    PinnedBuffer pinned = context.pinned(8, "left");
    CudaEvent event = context.newEvent();
    CudaStream stream = context.newStream();
    event.record(stream);
    context.close();
    pinned.close();
    event.close();
    stream.close();
    assertThat(machine.findings().isEmpty()).isTrue();
    assertThat(machine.trace().calls("cuMemFreeHost")).hasSize(1);
    assertThat(machine.trace().calls("cuEventDestroy_v2")).hasSize(2); // pinned memory has its own
    assertThat(machine.trace().calls("cuStreamDestroy_v2")).hasSize(2); // and the context
  }
}
