package io.mgnm.cuda;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;

/** Captured work, made ready once, that the device runs with one call. */
public final class CudaGraph implements AutoCloseable {
  private final CudaStream stream;
  private final CudaContext context;
  private final String name;
  private final CUgraphExec executable = new CUgraphExec();
  private boolean closed;

  /** Takes the graph over, whatever happens. */
  CudaGraph(CudaStream stream, String name, CUgraph graph) {
    this.stream = stream;
    this.context = stream.context();
    this.name = name;
    int code = JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    int destroyed = JCudaDriver.cuGraphDestroy(graph);
    context.check("cuGraphInstantiate", code, name);
    context.check("cuGraphDestroy", destroyed, name);
  }

  /**
   * Gives the work to its stream once more.
   *
   * @throws IllegalStateException when closed
   */
  public void launch() {
    try (CudaContext.Use inside = context.enter()) {
      if (closed) {
        throw new IllegalStateException("graph '" + name + "' is closed");
      }
      context.check("cuGraphLaunch", JCudaDriver.cuGraphLaunch(executable, stream.handle()), name);
    }
  }

  /** Waits for its runs to end. Idempotent. */
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
      parts.add(
          () ->
              context.check(
                  "cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy(executable), name));
      parts.add(stream::synchronize); // goes first
      parts.closeAll();
    }
  }
}
