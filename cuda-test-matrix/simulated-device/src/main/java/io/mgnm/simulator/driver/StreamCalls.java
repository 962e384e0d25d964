package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_NOT_READY;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import java.lang.foreign.MemorySegment;

/** Streams. */
final class StreamCalls {
  static final int GREATEST_PRIORITY = -5;
  private final Machine machine;
  private int created;

  StreamCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuStreamCreate(MemorySegment stream, int flags) {
    return cuStreamCreateWithPriority(stream, flags, 0);
  }

  public int cuStreamCreateWithPriority(MemorySegment stream, int flags, int priority) {
    Context context = machine.context();
    machine.require(flags == 0 || flags == 1, CUDA_ERROR_INVALID_VALUE, "flags " + flags);
    created++;
    int kept = Math.clamp(priority, GREATEST_PRIORITY, 0);
    Stream made = new Stream(context, machine.newLane(), flags, kept, "stream " + created);
    context.streams.add(made);
    putLong(stream, machine.handles.add(made));
    return 0;
  }

  public int cuStreamDestroy_v2(long handle) {
    Context context = machine.context();
    Stream stream = machine.handles.get(handle, Stream.class);
    if (stream.capture != null) {
      stream.capture.invalidate(stream + " was destroyed");
    }
    context.streams.remove(stream);
    machine.handles.remove(handle, Stream.class);
    keepOrder(context, stream);
    return 0;
  }

  /** Work of a destroyed stream still runs, and the legacy default stream still waits for it. */
  private static void keepOrder(Context context, Stream stream) {
    if (stream.last == null) {
      return;
    }
    context.orphans.add(stream.last);
    if (!stream.last.done && stream.blocking()) {
      context.enqueue(context.legacy, new EmptyWork("end of " + stream), stream.last);
    }
  }

  public int cuStreamSynchronize(long handle) {
    Stream stream = machine.stream(handle);
    refuseCapture(stream);
    stream.context.await(waitTarget(stream));
    return 0;
  }

  /** To wait for the legacy default stream is to wait for the streams that it waits for. */
  private static Operation waitTarget(Stream stream) {
    return stream == stream.context.legacy
        ? stream.context.enqueue(stream, new EmptyWork("wait for the default stream"))
        : stream.last;
  }

  public int cuStreamQuery(long handle) {
    Stream stream = machine.stream(handle);
    refuseCapture(stream);
    return query(machine, stream.context, stream.last);
  }

  /** Says whether it is done; if not, something gets done, so that a program may poll. */
  static int query(Machine machine, Context context, Operation operation) {
    if (!machine.scheduler.isDone(operation)) {
      machine.scheduler.progress(operation);
      return CUDA_ERROR_NOT_READY.code();
    }
    context.await(operation);
    return 0;
  }

  private static void refuseCapture(Stream stream) {
    if (stream.capture != null) {
      stream.capture.invalidate(stream + " was waited for");
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, stream + " is capturing");
    }
  }

  public int cuStreamWaitEvent(long handle, long eventHandle, int flags) {
    Stream stream = machine.stream(handle);
    Event event = machine.handles.get(eventHandle, Event.class);
    if (event.capture != null) {
      joinCapture(stream, event);
      return 0;
    }
    if (stream.capture != null && event.recorded != null) {
      stream.capture.invalidate("it waits for an event recorded outside");
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_ISOLATION,
          stream + " is capturing, the event was recorded outside of the capture");
    }
    if (event.recorded != null) {
      stream.context.enqueue(stream, new EmptyWork("wait for an event"), event.recorded);
    }
    return 0;
  }

  private static void joinCapture(Stream stream, Event event) {
    Capture capture = event.capture;
    if (stream.capture != null && stream.capture != capture) {
      stream.capture.invalidate("it waits for an event of another capture");
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_MERGE, "the event is of another capture");
    }
    if (capture.origin.capture != capture) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "the event's capture has ended");
    }
    if (stream == stream.context.legacy) {
      capture.invalidate("the legacy default stream waits for its event");
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
          "the legacy default stream cannot take part in a capture");
    }
    capture.join(stream);
    stream.captureTail.addAll(event.captured);
  }

  public int cuStreamGetFlags(long handle, MemorySegment flags) {
    putInt(flags, machine.stream(handle).flags);
    return 0;
  }

  public int cuStreamGetPriority(long handle, MemorySegment priority) {
    putInt(priority, machine.stream(handle).priority);
    return 0;
  }

  public int cuStreamGetId(long handle, MemorySegment id) {
    putLong(id, machine.stream(handle).lane + 1L);
    return 0;
  }

  public int cuStreamGetCtx(long handle, MemorySegment context) {
    putLong(context, machine.stream(handle).context.handle);
    return 0;
  }
}
