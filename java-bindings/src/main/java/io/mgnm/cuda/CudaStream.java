package io.mgnm.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUgraph;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * A context's queue: copies and kernels run in the order of the calls. Copies go through a pinned
 * buffer in this same queue, because a copy from pageable memory may still be under way on its last
 * stretch when the driver returns, and nothing would order it before the next kernel.
 */
public final class CudaStream implements AutoCloseable {
  private static final int STAGING_BYTES = 4 << 20;

  private final CudaContext context;
  private final CUstream stream = new CUstream();
  private final Pointer pinned = new Pointer();
  private ByteBuffer staging; // over the pinned memory; made when first needed
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

  CUstream handle() {
    return stream;
  }

  /** Sets all of a buffer to zero bytes, in order. */
  public void clear(DeviceBuffer buffer) {
    try (CudaContext.Use inside = enter(buffer)) {
      if (buffer.count() > 0) {
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
        (first, count) -> staging.asFloatBuffer().put(0, values, Math.toIntExact(first), count));
  }

  /** Copies {@code values} to the device. Returns when {@code values} may be changed again. */
  public void upload(DeviceBuffer buffer, int[] values) {
    checkCopy(buffer, ElementType.INT32, values.length);
    toDevice(
        buffer,
        (first, count) -> staging.asIntBuffer().put(0, values, Math.toIntExact(first), count));
  }

  /** Copies {@code values} to the device. Returns when {@code values} may be changed again. */
  public void upload(DeviceBuffer buffer, long[] values) {
    checkCopy(buffer, ElementType.INT64, values.length);
    toDevice(
        buffer,
        (first, count) -> staging.asLongBuffer().put(0, values, Math.toIntExact(first), count));
  }

  /** Waits for what was given to the stream, and copies to the host. */
  public void download(DeviceBuffer buffer, float[] values) {
    checkCopy(buffer, ElementType.FLOAT32, values.length);
    toHost(
        buffer,
        (first, count) -> staging.asFloatBuffer().get(0, values, Math.toIntExact(first), count));
  }

  /** Waits for what was given to the stream, and copies to the host. */
  public void download(DeviceBuffer buffer, int[] values) {
    checkCopy(buffer, ElementType.INT32, values.length);
    toHost(
        buffer,
        (first, count) -> staging.asIntBuffer().get(0, values, Math.toIntExact(first), count));
  }

  /** Waits for what was given to the stream, and copies to the host. */
  public void download(DeviceBuffer buffer, long[] values) {
    checkCopy(buffer, ElementType.INT64, values.length);
    toHost(
        buffer,
        (first, count) -> staging.asLongBuffer().get(0, values, Math.toIntExact(first), count));
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
    try (CudaContext.Use inside = enterToCopy(buffer)) {
      int most = STAGING_BYTES / buffer.type().bytes();
      for (long first = 0; first < buffer.count(); first += most) {
        int count = (int) Math.min(most, buffer.count() - first);
        long bytes = (long) count * buffer.type().bytes();
        fill.move(first, count);
        CUdeviceptr to = buffer.pointer().withByteOffset(first * buffer.type().bytes());
        context.check(
            "cuMemcpyHtoDAsync",
            JCudaDriver.cuMemcpyHtoDAsync(to, pinned, bytes, stream),
            bytes,
            " bytes to ",
            buffer);
        synchronize(); // the staging buffer is used again
      }
    }
  }

  private void toHost(DeviceBuffer buffer, Piece take) {
    try (CudaContext.Use inside = enterToCopy(buffer)) {
      int most = STAGING_BYTES / buffer.type().bytes();
      for (long first = 0; first < buffer.count(); first += most) {
        int count = (int) Math.min(most, buffer.count() - first);
        long bytes = (long) count * buffer.type().bytes();
        CUdeviceptr from = buffer.pointer().withByteOffset(first * buffer.type().bytes());
        context.check(
            "cuMemcpyDtoHAsync",
            JCudaDriver.cuMemcpyDtoHAsync(pinned, from, bytes, stream),
            bytes,
            " bytes from ",
            buffer);
        synchronize();
        take.move(first, count);
      }
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
        context.check(
            "cuMemAllocHost",
            JCudaDriver.cuMemAllocHost(pinned, STAGING_BYTES),
            STAGING_BYTES,
            " bytes of pinned memory for copies");
        staging = pinned.getByteBuffer(0, STAGING_BYTES).order(ByteOrder.nativeOrder());
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
    if (context.isDead()) {
      return; // it went with the context
    }
    try (CudaContext.Use inside = context.enter()) {
      Owned parts = new Owned();
      parts.add(() -> context.check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream)));
      if (staging != null) {
        staging = null;
        parts.add(() -> context.check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(pinned)));
      }
      parts.add(this::synchronize);
      parts.closeAll();
    }
  }
}
