package io.mgnm.simulator.driver;

import java.util.ArrayList;
import java.util.List;

/**
 * A CUDA context: streams, events and modules of one device, and the fault that ended it, if any.
 */
final class Context {
  final Machine machine;
  final GpuDevice device;
  final int flags;
  final boolean primary;
  final List<Stream> streams = new ArrayList<>();
  final List<Event> events = new ArrayList<>();
  final List<ModuleObject> modules = new ArrayList<>();
  final List<Graph> graphs = new ArrayList<>();
  final List<GraphExec> graphExecs = new ArrayList<>();

  /** The legacy default stream, handle 0 or 1, and the per-thread one, handle 2. */
  final Stream legacy;

  final Stream perThread;

  /** The last work of streams that were destroyed before it was waited for. */
  final List<Operation> orphans = new ArrayList<>();

  long handle;
  CudaResult fault;
  String faultMessage = "";
  boolean destroyed;

  Context(Machine machine, GpuDevice device, int flags, boolean primary) {
    this.machine = machine;
    this.device = device;
    this.flags = flags;
    this.primary = primary;
    this.legacy = new Stream(this, machine.newLane(), 0, 0, "the default stream");
    this.perThread = new Stream(this, machine.newLane(), 0, 0, "the per-thread default stream");
    streams.add(perThread);
  }

  /**
   * Gives work to a stream, or to the capture that the stream takes part in.
   *
   * @return the operation; null while capturing
   */
  Operation enqueue(Stream stream, Work work, Operation... alsoAfter) {
    if (stream.capture != null) {
      capture(stream, work);
      return null;
    }
    List<Operation> after = new ArrayList<>();
    addIfAny(after, stream.last);
    if (stream == legacy) {
      for (Stream other : streams) {
        if (other.blocking()) {
          refuseWhileCapturing(other);
          addIfAny(after, other.last);
        }
      }
    } else if (stream.blocking()) {
      addIfAny(after, legacy.last);
    }
    for (Operation operation : alsoAfter) {
      addIfAny(after, operation);
    }
    Operation operation = submit(work, stream.lane, after);
    stream.last = operation;
    return operation;
  }

  private static void addIfAny(List<Operation> list, Operation operation) {
    if (operation != null) {
      list.add(operation);
    }
  }

  private static void refuseWhileCapturing(Stream stream) {
    if (stream.capture != null) {
      stream.capture.invalidate("the legacy default stream was used meanwhile");
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
          "the legacy default stream would wait for " + stream + ", which is capturing");
    }
  }

  private void capture(Stream stream, Work work) {
    Capture capture = stream.capture;
    if (capture.invalid) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
          "the capture was made invalid: " + capture.reason);
    }
    for (HostRange range : work.hostRanges()) {
      if (!machine.hostMemory.isPinned(range.address(), range.bytes())) {
        machine.findings.add(
            Finding.Kind.MISUSE,
            "a captured copy uses pageable host memory, which the graph would touch at every"
                + " launch: "
                + work.describe());
        capture.invalidate("a copy of pageable memory");
        throw new ApiException(
            CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "captured copy of pageable memory");
      }
    }
    GraphNode node = capture.graph.add(work, stream.captureTail);
    stream.captureTail.clear();
    stream.captureTail.add(node);
  }

  /** Makes an operation of work in a lane of its own or a stream's. */
  Operation submit(Work work, int lane, List<Operation> after) {
    Clock clock = new Clock(machine.hostClock);
    for (Operation before : after) {
      clock.join(before.clock);
    }
    int tick = machine.nextTick(lane);
    clock.advance(lane, tick);
    Operation operation = new Operation(this, work, lane, tick, clock, machine.callUnderWay());
    for (Operation before : after) {
      if (!before.done) {
        operation.after.add(before);
      }
      operation.ended = Math.max(operation.ended, before.ended);
    }
    machine.scheduler.add(operation);
    return operation;
  }

  /** The host waits for an operation: it and whatever it needs is done, and the host knows. */
  void await(Operation operation) {
    if (operation != null) {
      // Whatever the host asks for next comes after, so the clock may move on first.
      machine.hostClock.join(operation.clock);
      machine.scheduler.require(operation);
      checkFault();
    }
  }

  /** The host waits for everything. */
  void synchronize() {
    for (Stream stream : allStreams()) {
      if (stream.capture != null) {
        stream.capture.invalidate("the context was synchronised meanwhile");
        throw new ApiException(
            CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, stream + " is capturing");
      }
    }
    for (Stream stream : allStreams()) {
      await(stream.last);
    }
    for (Operation orphan : List.copyOf(orphans)) {
      await(orphan);
    }
    orphans.clear();
    machine.scheduler.drain(this);
    checkFault();
  }

  List<Stream> allStreams() {
    List<Stream> all = new ArrayList<>(streams);
    all.add(legacy);
    return all;
  }

  /**
   * A fault stays: every call of a context that met one returns it.
   *
   * @throws ApiException if there was one
   */
  void checkFault() {
    if (fault != null) {
      throw new ApiException(fault, "the context is dead since: " + faultMessage);
    }
  }
}
