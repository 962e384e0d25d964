package io.mgnm.simulator.driver;

import static jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_READY;
import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemAllocAsync;
import static jcuda.driver.JCudaDriver.cuMemAllocHost;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeAsync;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoD;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.driver.Finding.Kind;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.Test;

/** Copies, streams and events through JCuda, right and wrong. */
@SimulatedCuda
class MemoryAndStreamsTest {
  private static final int COUNT = 1000;
  private static final long BYTES = 4L * COUNT;

  /** Pinned memory with JCuda's pointer to it. */
  private record Pinned(Pointer pointer, IntBuffer ints) {
    static Pinned allocate() {
      Pointer pointer = new Pointer();
      Gpu.check(cuMemAllocHost(pointer, BYTES));
      ByteBuffer bytes = pointer.getByteBuffer(0, BYTES).order(ByteOrder.nativeOrder());
      return new Pinned(pointer, bytes.asIntBuffer());
    }

    void free() {
      Gpu.check(cuMemFreeHost(pointer));
    }
  }

  private static CUdeviceptr allocate() {
    CUdeviceptr pointer = new CUdeviceptr();
    Gpu.check(cuMemAlloc(pointer, BYTES));
    return pointer;
  }

  private static CUstream stream() {
    CUstream stream = new CUstream();
    Gpu.check(cuStreamCreate(stream, 1));
    return stream;
  }

  private static CUevent event() {
    CUevent event = new CUevent();
    Gpu.check(cuEventCreate(event, 2));
    return event;
  }

  @Test
  void pageableCopiesComeBack() {
    try (Gpu gpu = new Gpu(0)) {
      int[] sent = new int[COUNT];
      java.util.Arrays.setAll(sent, i -> i * 31);
      int[] received = new int[COUNT];
      CUdeviceptr first = allocate();
      CUdeviceptr second = allocate();
      Gpu.check(cuMemcpyHtoD(first, Pointer.to(sent), BYTES));
      Gpu.check(cuMemcpyDtoD(second, first, BYTES));
      Gpu.check(cuMemsetD32(second.withByteOffset(4), 7, 1));
      Gpu.check(cuMemcpyDtoH(Pointer.to(received), second, BYTES));
      sent[1] = 7;
      assertThat(received).isEqualTo(sent);
      Gpu.check(cuMemFree(first));
      Gpu.check(cuMemFree(second));
    }
  }

  @Test
  void asynchronousWorkRunsOnlyWhenWaitedFor() {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      CUstream stream = stream();
      Pinned host = Pinned.allocate();
      Gpu.check(cuMemsetD32Async(device, 5, COUNT, stream));
      Gpu.check(cuMemcpyDtoHAsync(host.pointer(), device, BYTES, stream));
      assertThat(host.ints().get(0)).as("too early").isEqualTo(-1);
      assertThat(cuStreamQuery(stream)).isEqualTo(CUDA_ERROR_NOT_READY);
      while (cuStreamQuery(stream) == CUDA_ERROR_NOT_READY) {
        Thread.onSpinWait();
      }
      assertThat(host.ints().get(COUNT - 1)).isEqualTo(5);
      host.free();
      Gpu.check(cuStreamDestroy(stream));
      Gpu.check(cuMemFree(device));
    }
  }

  /** Two streams hand a buffer over with an event. */
  private static void handOver(boolean wait) {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      CUstream writer = stream();
      CUstream reader = stream();
      CUevent written = event();
      Pinned host = Pinned.allocate();
      Gpu.check(cuMemsetD32Async(device, 5, COUNT, writer));
      Gpu.check(cuEventRecord(written, writer));
      if (wait) {
        Gpu.check(cuStreamWaitEvent(reader, written, 0));
      }
      Gpu.check(cuMemcpyDtoHAsync(host.pointer(), device, BYTES, reader));
      Gpu.check(cuStreamSynchronize(reader));
      if (wait) {
        assertThat(host.ints().get(7)).isEqualTo(5);
        assertThat(cuEventQuery(written)).isEqualTo(CUDA_SUCCESS);
      }
      Gpu.check(cuCtxSynchronize());
      host.free();
      Gpu.check(cuEventDestroy(written));
      Gpu.check(cuStreamDestroy(writer));
      Gpu.check(cuStreamDestroy(reader));
      Gpu.check(cuMemFree(device));
    }
  }

  @Test
  void eventsOrderStreams() {
    handOver(true);
  }

  @Test
  void missingEventWaitIsFoundWhenLate(Machine machine) {
    handOver(false);
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactlyInAnyOrder(Kind.UNINITIALISED_READ, Kind.UNORDERED_ACCESS);
  }

  @Test
  @SimulatedCuda(schedule = Schedule.EAGER)
  void missingEventWaitIsFoundThoughTheOrderWasRight(Machine machine) {
    handOver(false);
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNORDERED_ACCESS);
  }

  private static void copyFromPinned(boolean waitBeforeReuse) {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      CUstream stream = stream();
      Pinned host = Pinned.allocate();
      CUevent copied = event();
      for (int i = 0; i < COUNT; i++) {
        host.ints().put(i, i);
      }
      Gpu.check(cuMemcpyHtoDAsync(device, host.pointer(), BYTES, stream));
      Gpu.check(cuEventRecord(copied, stream));
      if (waitBeforeReuse) {
        Gpu.check(cuEventSynchronize(copied));
      }
      host.ints().put(17, -17);
      Gpu.check(cuStreamSynchronize(stream));
      int[] received = new int[COUNT];
      Gpu.check(cuMemcpyDtoH(Pointer.to(received), device, BYTES));
      assertThat(received[17]).isEqualTo(waitBeforeReuse ? 17 : -17);
      host.free();
      Gpu.check(cuEventDestroy(copied));
      Gpu.check(cuStreamDestroy(stream));
      Gpu.check(cuMemFree(device));
    }
  }

  @Test
  void pinnedMemoryMayBeReusedAfterTheWait() {
    copyFromPinned(true);
  }

  @Test
  void pinnedMemoryReusedTooEarlyIsFound(Machine machine) {
    copyFromPinned(false);
    assertThat(machine.findings().take())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(Kind.HOST_MEMORY_REUSED);
              assertThat(finding.message()).contains("cuMemcpyHtoDAsync");
            });
  }

  @Test
  void freeWhilePendingIsFound(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      CUstream stream = stream();
      Gpu.check(cuMemsetD32Async(device, 5, COUNT, stream));
      Gpu.check(cuMemFree(device));
      Gpu.check(cuStreamDestroy(stream));
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.FREED_WHILE_PENDING);
  }

  @Test
  void freeOfPinnedMemoryWhilePendingIsFound(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      CUstream stream = stream();
      Pinned host = Pinned.allocate();
      Gpu.check(cuMemcpyHtoDAsync(device, host.pointer(), BYTES, stream));
      host.free();
      Gpu.check(cuStreamDestroy(stream));
      Gpu.check(cuMemFree(device));
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.FREED_WHILE_PENDING);
  }

  @Test
  void useAfterFreeIsFound(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      Gpu.check(cuMemFree(device));
      assertThat(cuMemsetD32(device, 1, COUNT)).isEqualTo(1);
      assertThat(cuMemFree(device)).isEqualTo(1);
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.USE_AFTER_FREE, Kind.USE_AFTER_FREE);
  }

  @Test
  void copiesOutOfBoundsAreFound(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      assertThat(cuMemcpyHtoD(device, Pointer.to(new int[COUNT + 1]), BYTES + 4)).isEqualTo(1);
      Gpu.check(cuMemFree(device));
    }
    assertThat(machine.findings().take()).extracting(Finding::kind).containsExactly(Kind.MISUSE);
  }

  @Test
  void leaksAreFound(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      allocate();
      Pinned.allocate();
      stream();
      event();
    }
    assertThat(machine.findings().take())
        .hasSize(4)
        .allSatisfy(finding -> assertThat(finding.kind()).isEqualTo(Kind.LEAK));
  }

  @Test
  void whatIsFreedIsNoLeak() {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      Pinned host = Pinned.allocate();
      CUstream stream = stream();
      CUevent event = event();
      Gpu.check(cuEventDestroy(event));
      Gpu.check(cuStreamDestroy(stream));
      host.free();
      Gpu.check(cuMemFree(device));
    }
  }

  /** Memory allocated in one stream, used in another, freed in the first. */
  private static int shareBetweenStreams(boolean afterAllocation, boolean beforeFree) {
    try (Gpu gpu = new Gpu(0)) {
      CUstream owner = stream();
      CUstream other = stream();
      CUevent ready = event();
      CUdeviceptr device = new CUdeviceptr();
      Gpu.check(cuMemAllocAsync(device, BYTES, owner));
      Gpu.check(cuEventRecord(ready, owner));
      if (afterAllocation) {
        Gpu.check(cuStreamWaitEvent(other, ready, 0));
      }
      Gpu.check(cuMemsetD32Async(device, 3, COUNT, other));
      Gpu.check(cuEventRecord(ready, other));
      if (beforeFree) {
        Gpu.check(cuStreamWaitEvent(owner, ready, 0));
      }
      Gpu.check(cuMemFreeAsync(device, owner));
      int result = cuCtxSynchronize();
      if (result == 0) {
        Gpu.check(cuEventDestroy(ready));
        Gpu.check(cuStreamDestroy(owner));
        Gpu.check(cuStreamDestroy(other));
      }
      return result;
    }
  }

  @Test
  void streamOrderedAllocationsMayBeSharedByEvents() {
    assertThat(shareBetweenStreams(true, true)).isEqualTo(CUDA_SUCCESS);
  }

  @Test
  void useBeforeAStreamOrderedAllocationIsFound(Machine machine) {
    assertThat(shareBetweenStreams(false, true)).isEqualTo(CUDA_SUCCESS);
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNORDERED_ACCESS);
  }

  /** The free comes first, so the use faults, and the fault ends the context. */
  @Test
  void streamOrderedFreeTooEarlyIsFound(Machine machine) {
    assertThat(shareBetweenStreams(true, false)).isEqualTo(CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .contains(Kind.FREED_WHILE_PENDING, Kind.USE_AFTER_FREE);
  }

  /** The legacy default stream waits for blocking streams, and they for it. */
  @Test
  void theLegacyDefaultStreamOrdersBlockingStreams() {
    try (Gpu gpu = new Gpu(0)) {
      CUdeviceptr device = allocate();
      CUstream blocking = new CUstream();
      Gpu.check(cuStreamCreate(blocking, 0));
      Gpu.check(cuMemsetD32Async(device, 1, COUNT, blocking));
      Gpu.check(cuMemsetD32(device, 2, COUNT / 2));
      Gpu.check(cuMemsetD32Async(device, 3, COUNT / 4, blocking));
      int[] received = new int[COUNT];
      Gpu.check(cuMemcpyDtoH(Pointer.to(received), device, BYTES));
      assertThat(received[0]).isEqualTo(3);
      assertThat(received[COUNT / 3]).isEqualTo(2);
      assertThat(received[COUNT - 1]).isEqualTo(1);
      Gpu.check(cuStreamDestroy(blocking));
      Gpu.check(cuMemFree(device));
    }
  }
}
