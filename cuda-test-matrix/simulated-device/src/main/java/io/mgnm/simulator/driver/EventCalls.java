package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_HANDLE;
import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putFloat;
import static io.mgnm.simulator.natives.Out.putLong;

import java.lang.foreign.MemorySegment;
import java.util.Set;

/** Events. Their times are those of a simulated clock: consistent, and no measurement. */
final class EventCalls {
  private static final int KNOWN_FLAGS = 7;
  private final Machine machine;

  EventCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuEventCreate(MemorySegment event, int flags) {
    Context context = machine.context();
    machine.require((flags & ~KNOWN_FLAGS) == 0, CUDA_ERROR_INVALID_VALUE, "event flags " + flags);
    Event made = new Event(context, flags);
    context.events.add(made);
    putLong(event, machine.handles.add(made));
    return 0;
  }

  public int cuEventDestroy_v2(long handle) {
    Context context = machine.contextOrDead();
    Event event = machine.handles.remove(handle, Event.class);
    context.events.remove(event);
    event.context.events.remove(event);
    return 0;
  }

  public int cuEventRecord(long handle, long stream) {
    Stream in = machine.stream(stream);
    Event event = machine.handles.get(handle, Event.class);
    machine.require(
        event.context == in.context,
        CUDA_ERROR_INVALID_HANDLE,
        "event and stream belong to different contexts");
    if (in.capture != null) {
      event.capture = in.capture;
      event.captured = Set.copyOf(in.captureTail);
      event.recorded = null;
    } else {
      event.capture = null;
      event.captured = Set.of();
      event.recorded = in.context.enqueue(in, new EmptyWork("record of an event"));
    }
    return 0;
  }

  public int cuEventRecordWithFlags(long handle, long stream, int flags) {
    machine.require(flags == 0 || flags == 1, CUDA_ERROR_INVALID_VALUE, "flags " + flags);
    return cuEventRecord(handle, stream);
  }

  public int cuEventQuery(long handle) {
    Event event = known(handle);
    return StreamCalls.query(machine, event.context, event.recorded);
  }

  public int cuEventSynchronize(long handle) {
    Event event = known(handle);
    event.context.await(event.recorded);
    return 0;
  }

  private Event known(long handle) {
    machine.context();
    Event event = machine.handles.get(handle, Event.class);
    if (event.capture != null) {
      event.capture.invalidate("an event of it was asked for");
      throw new ApiException(
          CudaResult.CUDA_ERROR_CAPTURED_EVENT, "the event was recorded in a capture");
    }
    machine.forbiddenWhileCapturing();
    return event;
  }

  public int cuEventElapsedTime(MemorySegment milliseconds, long start, long end) {
    Event first = known(start);
    Event second = known(end);
    machine.require(
        first.timed() && second.timed(), CUDA_ERROR_INVALID_HANDLE, "an event without timing");
    machine.require(
        first.recorded != null && second.recorded != null,
        CUDA_ERROR_INVALID_HANDLE,
        "an event that was not recorded");
    if (!first.recorded.done || !second.recorded.done) {
      return CudaResult.CUDA_ERROR_NOT_READY.code();
    }
    putFloat(milliseconds, (second.recorded.ended - first.recorded.ended) / 1e6f);
    return 0;
  }
}
