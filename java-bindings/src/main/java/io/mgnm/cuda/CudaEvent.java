package io.mgnm.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** A point in a stream's work, to wait for, to order another stream behind, or to measure from. */
public final class CudaEvent implements AutoCloseable {
  private final CudaContext context;
  private final CUevent event = new CUevent();
  private boolean recorded;
  private boolean closed;

  CudaEvent(CudaContext context) {
    this.context = context;
    context.check(
        "cuEventCreate", JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT));
  }

  CUevent handle() {
    return event;
  }

  /** Marks the end of all that was given to {@code stream} so far; replaces an earlier mark. */
  public void record(CudaStream stream) {
    try (CudaContext.Use inside = enter(stream.context())) {
      context.check("cuEventRecord", JCudaDriver.cuEventRecord(event, stream.handle()));
      recorded = true;
    }
  }

  /** Waits until the device has come to the mark; at once where there is none. */
  public void await() {
    try (CudaContext.Use inside = enter(context)) {
      context.check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(event));
    }
  }

  /** Whether the device has come to the mark; true where there is none. */
  public boolean isReached() {
    try (CudaContext.Use inside = enter(context)) {
      int code = JCudaDriver.cuEventQuery(event);
      if (code == CUresult.CUDA_ERROR_NOT_READY) {
        return false;
      }
      context.check("cuEventQuery", code);
      return true;
    }
  }

  /**
   * Milliseconds on the device from {@code earlier} to this mark, to about half a microsecond.
   *
   * @throws IllegalStateException where either was never recorded
   */
  public double millisecondsSince(CudaEvent earlier) {
    try (CudaContext.Use inside = enter(earlier.context)) {
      if (!recorded || !earlier.recorded) {
        throw new IllegalStateException("both events must be recorded before they are compared");
      }
      context.check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(event));
      float[] milliseconds = {0};
      context.check(
          "cuEventElapsedTime", JCudaDriver.cuEventElapsedTime(milliseconds, earlier.event, event));
      return milliseconds[0];
    }
  }

  private CudaContext.Use enter(CudaContext other) {
    CudaContext.Use inside = context.enter();
    if (closed || other != context) {
      inside.close();
      if (closed) {
        throw new IllegalStateException("the event is closed");
      }
      throw new IllegalArgumentException("the event belongs to " + context + ", not to " + other);
    }
    return inside;
  }

  /** Idempotent; its context closes it. Work that waits for the mark still does. */
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
      context.check("cuEventDestroy", JCudaDriver.cuEventDestroy(event));
    }
  }
}
