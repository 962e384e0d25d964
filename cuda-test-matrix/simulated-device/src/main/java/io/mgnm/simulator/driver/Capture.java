package io.mgnm.simulator.driver;

import java.util.LinkedHashSet;
import java.util.Set;

/** A stream capture under way: what is given to its streams becomes nodes of a graph. */
final class Capture {
  static final int GLOBAL = 0;
  static final int THREAD_LOCAL = 1;

  final Stream origin;
  final int mode;
  final Thread thread = Thread.currentThread();
  final Graph graph;
  final Set<Stream> streams = new LinkedHashSet<>();
  boolean invalid;
  String reason = "";

  Capture(Stream origin, int mode) {
    this.origin = origin;
    this.mode = mode;
    this.graph = new Graph(origin.context);
    join(origin);
  }

  void join(Stream stream) {
    streams.add(stream);
    stream.capture = this;
  }

  void invalidate(String why) {
    if (!invalid) {
      invalid = true;
      reason = why;
    }
  }

  /**
   * Ends the capture.
   *
   * @return the graph
   * @throws ApiException where the capture is invalid or a stream never came back to the origin
   */
  Graph end() {
    Set<GraphNode> joined = Graph.ancestors(origin.captureTail);
    Stream loose = null;
    for (Stream stream : streams) {
      if (!joined.containsAll(stream.captureTail)) {
        loose = stream;
      }
      stream.capture = null;
      stream.captureTail.clear();
    }
    if (invalid) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
          "the capture was made invalid: " + reason);
    }
    if (loose != null) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNJOINED,
          loose + " has captured work that " + origin + " does not wait for");
    }
    return graph;
  }
}
