package io.mgnm.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/**
 * Host memory that does not move, which the device copies from and to while Java goes on. {@link
 * #segment} is for the host whenever no copy is under way: {@link #await} waits for the last one.
 * Closing waits too, and makes the segment unusable.
 */
public final class PinnedBuffer implements AutoCloseable {
  private final CudaContext context;
  private final long bytes;
  private final String label;
  private final Pointer pointer = new Pointer();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private final CudaEvent lastUse;
  private boolean closed;

  /** Memory of the context, which closes it at last. */
  PinnedBuffer(CudaContext context, long bytes, String label) {
    if (bytes < 1 || bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "%s: pinned memory has 1 byte to 2 GiB, got %d".formatted(label, bytes));
    }
    this.context = context;
    this.bytes = bytes;
    this.label = label;
    context.check(
        "cuMemAllocHost",
        JCudaDriver.cuMemAllocHost(pointer, bytes),
        bytes,
        " bytes of pinned memory for ",
        label);
    this.segment = MemorySegment.ofBuffer(pointer.getByteBuffer(0, bytes)).reinterpret(arena, null);
    CudaEvent event;
    try {
      event = new CudaEvent(context);
    } catch (RuntimeException e) {
      JCudaDriver.cuMemFreeHost(pointer);
      throw e;
    }
    this.lastUse = event;
  }

  /** The memory, in this machine's byte order. */
  public MemorySegment segment() {
    requireOpen();
    return segment;
  }

  /** Its size. */
  public long bytes() {
    return bytes;
  }

  Pointer pointer() {
    requireOpen();
    return pointer;
  }

  CudaContext context() {
    return context;
  }

  /** A copy from or to this memory was given to the stream. */
  void used(CudaStream stream) {
    lastUse.record(stream);
  }

  /** Waits for the last copy, and reports what went wrong on the device. */
  public void await() {
    requireOpen();
    lastUse.await();
  }

  /** Whether no copy is under way. */
  public boolean isIdle() {
    requireOpen();
    return lastUse.isReached();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(this + " is closed");
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    arena.close();
    context.disown(this);
    if (context.isClosed() || context.isDead()) {
      return; // it went with the context
    }
    try (CudaContext.Use inside = context.enter()) {
      Owned parts = new Owned();
      parts.add(
          () -> context.check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(pointer), "for ", label));
      parts.add(lastUse);
      parts.add(lastUse::await); // goes first: the device may still copy
      parts.closeAll();
    }
  }

  @Override
  public String toString() {
    return "%s (%d pinned bytes)".formatted(label, bytes);
  }
}
