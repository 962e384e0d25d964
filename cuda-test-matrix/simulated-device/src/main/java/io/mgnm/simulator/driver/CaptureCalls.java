package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import java.lang.foreign.MemorySegment;

/** Stream capture. */
final class CaptureCalls {
  private final Machine machine;

  CaptureCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuStreamBeginCapture_v2(long handle, int mode) {
    Stream stream = machine.stream(handle);
    machine.require(mode >= 0 && mode <= 2, CUDA_ERROR_INVALID_VALUE, "mode " + mode);
    machine.require(
        stream != stream.context.legacy,
        CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
        "the legacy default stream cannot be captured");
    machine.require(
        stream.capture == null,
        CudaResult.CUDA_ERROR_ILLEGAL_STATE,
        stream + " is capturing already");
    new Capture(stream, mode);
    return 0;
  }

  public int cuStreamEndCapture(long handle, MemorySegment graph) {
    Stream stream = machine.stream(handle);
    Capture capture = stream.capture;
    putLong(graph, 0);
    machine.require(
        capture != null, CudaResult.CUDA_ERROR_ILLEGAL_STATE, stream + " is not capturing");
    machine.require(
        capture.origin == stream,
        CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNMATCHED,
        "the capture began on " + capture.origin);
    machine.require(
        capture.mode == 2 || capture.thread == Thread.currentThread(),
        CudaResult.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD,
        "the capture began on another thread");
    Graph captured = capture.end();
    stream.context.graphs.add(captured);
    putLong(graph, machine.handles.add(captured));
    return 0;
  }

  public int cuStreamIsCapturing(long handle, MemorySegment status) {
    Stream stream = machine.stream(handle);
    boolean capturing = stream.capture != null;
    putInt(status, capturing ? stream.capture.invalid ? 2 : 1 : 0);
    return 0;
  }
}
