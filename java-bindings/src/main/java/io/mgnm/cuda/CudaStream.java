package io.mgnm.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUgraph;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * A queue of a context: copies and kernels run in the order of the calls. Copies go through a
 * pinned buffer in this same queue, because a copy from pageable memory may still be under way on
 * its last stretch when the driver returns, and nothing would order it before the next kernel.
 */
public final class CudaStream implements AutoCloseable {
  private static final int STAGING_BYTES = 4 << 20;

  private final CudaContext context;
  private final CUstream stream = new CUstream();
  private PinnedBuffer staging; // made when first needed
  private boolean capturing;
  private boolean closed;

  /** What is captured. */
  public interface Captured {
    /** Gives work to the stream. */
    void run();
  }

  CudaStream(CudaContext context) {
    this.context = context;
    try (CudaContext.Use inside = context.enter()) {
      context.check(
          "cuStreamCreate",
          JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    }
  }

  CudaContext context() {
    return context;
  }

  /** Whether its context only measures: see {@link CudaContext#measure}. */
  public boolean isMeasuring() {
    return context.isMeasuring();
  }

  CUstream handle() {
    return stream;
  }

  /** Sets all of a buffer to zero bytes, in order. */
  public void clear(DeviceBuffer buffer) {
    try (CudaContext.Use inside = enter(buffer)) {
      if (buffer.count() > 0 && !context.isMeasuring()) {
        context.check(
            "cuMemsetD8Async",
            JCudaDriver.cuMemsetD8Async(buffer.pointer(), (byte) 0, buffer.bytes(), stream),
            buffer);
      }
    }
  }

  /** Copies {@code values} to the device. Returns when {@code values} may be changed again. */
  public void upload(DeviceBuffer buffer, float[] values) {
    checkCopy(buffer, ElementType.FLOAT32, values.length);
    toDevice(
        buffer,
        (first, count) ->
            MemorySegment.copy(
                values, Math.toIntExact(first), staging.segment(), JAVA_FLOAT, 0, count));
  }

  /** Copies {@code values} to the device. Returns when {@code values} may be changed again. */
  public void upload(DeviceBuffer buffer, int[] values) {
    checkCopy(buffer, ElementType.INT32, values.length);
    toDevice(
        buffer,
        (first, count) ->
            MemorySegment.copy(
                values, Math.toIntExact(first), staging.segment(), JAVA_INT, 0, count));
  }

  /** Copies {@code values} to the device. Returns when {@code values} may be changed again. */
  public void upload(DeviceBuffer buffer, long[] values) {
    checkCopy(buffer, ElementType.INT64, values.length);
    toDevice(
        buffer,
        (first, count) ->
            MemorySegment.copy(
                values, Math.toIntExact(first), staging.segment(), JAVA_LONG, 0, count));
  }

  /** Waits for what was given to the stream, and copies to the host. */
  public void download(DeviceBuffer buffer, float[] values) {
    checkCopy(buffer, ElementType.FLOAT32, values.length);
    toHost(
        buffer,
        (first, count) ->
            MemorySegment.copy(
                staging.segment(), JAVA_FLOAT, 0, values, Math.toIntExact(first), count));
  }

  /** Waits for what was given to the stream, and copies to the host. */
  public void download(DeviceBuffer buffer, int[] values) {
    checkCopy(buffer, ElementType.INT32, values.length);
    toHost(
        buffer,
        (first, count) ->
            MemorySegment.copy(
                staging.segment(), JAVA_INT, 0, values, Math.toIntExact(first), count));
  }

  /** Waits for what was given to the stream, and copies to the host. */
  public void download(DeviceBuffer buffer, long[] values) {
    checkCopy(buffer, ElementType.INT64, values.length);
    toHost(
        buffer,
        (first, count) ->
            MemorySegment.copy(
                staging.segment(), JAVA_LONG, 0, values, Math.toIntExact(first), count));
  }

  private static void checkCopy(DeviceBuffer buffer, ElementType type, int values) {
    if (buffer.type() != type || buffer.count() != values) {
      throw new IllegalArgumentException(
          "copy between %s and %d host values of %s".formatted(buffer, values, type));
    }
  }

  /** Moves elements between a Java array and the start of the staging buffer. */
  private interface Piece {
    void move(long first, int count);
  }

  private void toDevice(DeviceBuffer buffer, Piece fill) {
    if (context.isMeasuring()) {
      return;
    }
    try (CudaContext.Use inside = enterToCopy(buffer)) {
      int most = STAGING_BYTES / buffer.type().bytes();
      for (long first = 0; first < buffer.count(); first += most) {
        int count = (int) Math.min(most, buffer.count() - first);
        long bytes = (long) count * buffer.type().bytes();
        fill.move(first, count);
        CUdeviceptr to = buffer.pointer().withByteOffset(first * buffer.type().bytes());
        context.check(
            "cuMemcpyHtoDAsync",
            JCudaDriver.cuMemcpyHtoDAsync(to, staging.pointer(), bytes, stream),
            bytes,
            " bytes to ",
            buffer);
        synchronize(); // the staging buffer is used again
      }
    }
  }

  private void toHost(DeviceBuffer buffer, Piece take) {
    if (context.isMeasuring()) {
      return;
    }
    try (CudaContext.Use inside = enterToCopy(buffer)) {
      int most = STAGING_BYTES / buffer.type().bytes();
      for (long first = 0; first < buffer.count(); first += most) {
        int count = (int) Math.min(most, buffer.count() - first);
        long bytes = (long) count * buffer.type().bytes();
        CUdeviceptr from = buffer.pointer().withByteOffset(first * buffer.type().bytes());
        context.check(
            "cuMemcpyDtoHAsync",
            JCudaDriver.cuMemcpyDtoHAsync(staging.pointer(), from, bytes, stream),
            bytes,
            " bytes from ",
            buffer);
        synchronize();
        take.move(first, count);
      }
    }
  }

  /**
   * Copies all of {@code buffer} from the start of pinned memory, while Java goes on. May be
   * captured.
   */
  public void uploadAsync(DeviceBuffer buffer, PinnedBuffer from) {
    try (CudaContext.Use inside = enter(buffer)) {
      checkCopy(buffer, from);
      context.check(
          "cuMemcpyHtoDAsync",
          JCudaDriver.cuMemcpyHtoDAsync(buffer.pointer(), from.pointer(), buffer.bytes(), stream),
          buffer,
          " from ",
          from);
      used(from);
    }
  }

  /**
   * Copies all of {@code buffer} to the start of pinned memory, while Java goes on; {@link
   * PinnedBuffer#await} waits for it. May be captured.
   */
  public void downloadAsync(DeviceBuffer buffer, PinnedBuffer to) {
    try (CudaContext.Use inside = enter(buffer)) {
      checkCopy(buffer, to);
      context.check(
          "cuMemcpyDtoHAsync",
          JCudaDriver.cuMemcpyDtoHAsync(to.pointer(), buffer.pointer(), buffer.bytes(), stream),
          buffer,
          " to ",
          to);
      used(to);
    }
  }

  private void checkCopy(DeviceBuffer buffer, PinnedBuffer host) {
    if (host.context() != context || host.bytes() < buffer.bytes()) {
      throw new IllegalArgumentException(
          "copy between %s and %s of %s".formatted(buffer, host, host.context()));
    }
  }

  /** Inside a capture nothing happens yet: whoever launches the graph waits for the graph. */
  private void used(PinnedBuffer host) {
    if (capturing) {
      return;
    }
    try {
      host.used(this);
    } catch (RuntimeException e) { // the copy is under way, and nothing tells when it is done
      try {
        synchronize();
      } catch (RuntimeException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  /** What is given to this stream from now on runs after {@code event}'s mark. */
  public void waitFor(CudaEvent event) {
    try (CudaContext.Use inside = context.enter()) {
      context.check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(stream, event.handle(), 0));
    }
  }

  private CudaContext.Use enter(DeviceBuffer buffer) {
    CudaContext.Use inside = context.enter();
    try {
      buffer.scope().requireOpen();
      if (buffer.scope().context() != context) {
        throw new IllegalArgumentException(buffer + " belongs to another context than " + context);
      }
      return inside;
    } catch (RuntimeException e) {
      inside.close();
      throw e;
    }
  }

  private CudaContext.Use enterToCopy(DeviceBuffer buffer) {
    CudaContext.Use inside = enter(buffer);
    try {
      if (capturing) {
        throw new IllegalStateException("a copy to or from the host cannot be captured");
      }
      if (staging == null) {
        staging = new PinnedBuffer(context, STAGING_BYTES, "copies of a stream");
      }
      return inside;
    } catch (RuntimeException e) {
      inside.close();
      throw e;
    }
  }

  /** Waits for everything given to the stream, and reports what went wrong on the device. */
  public void synchronize() {
    try (CudaContext.Use inside = context.enter()) {
      context.check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream));
    }
  }

  /**
   * Makes a graph of the work that {@code work} gives to this stream; none of it runs.
   *
   * @param name for errors
   */
  public CudaGraph capture(String name, Captured work) {
    try (CudaContext.Use inside = context.enter()) {
      context.check(
          "cuStreamBeginCapture",
          JCudaDriver.cuStreamBeginCapture(
              stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
          name);
      capturing = true;
      CUgraph graph = new CUgraph();
      RuntimeException failure = null;
      try {
        work.run();
      } catch (RuntimeException e) {
        failure = e;
      }
      capturing = false;
      int code = JCudaDriver.cuStreamEndCapture(stream, graph);
      if (code != 0 && JCudaDriver.cuStreamEndCapture(stream, graph) == 0) {
        JCudaDriver.cuGraphDestroy(graph); // all that was wanted is that the capture has ended
      }
      if (failure != null) {
        if (code == 0) {
          JCudaDriver.cuGraphDestroy(graph);
        }
        throw failure;
      }
      context.check("cuStreamEndCapture", code, name);
      return context.own(new CudaGraph(this, name, graph));
    }
  }

  /** Idempotent; its context closes it. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    context.disown(this);
    if (context.isClosed() || context.isDead()) {
      return; // it went with the context
    }
    try (CudaContext.Use inside = context.enter()) {
      Owned parts = new Owned();
      parts.add(() -> context.check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream)));
      if (staging != null) {
        parts.add(staging);
      }
      parts.add(this::synchronize);
      parts.closeAll();
    }
  }
}
