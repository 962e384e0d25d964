package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaGraph;
import io.mgnm.cuda.CudaStream;
import io.mgnm.cuda.KernelLaunch;
import io.mgnm.ops.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Recorded launches, captured once as a CUDA graph. */
final class CudaSequence implements Sequence {
  private final String name;
  private final Set<CudaScope> scopes = new LinkedHashSet<>();
  private final Set<CudaBatch> drawn = new LinkedHashSet<>();
  private final List<KernelLaunch> launches = new ArrayList<>();
  private CudaGraph graph; // null where nothing was launched
  private boolean closed;

  CudaSequence(String name) {
    this.name = name;
  }

  void uses(CudaScope scope) {
    scopes.add(scope);
  }

  /** Running will change what the batch holds. */
  void draws(CudaBatch batch) {
    drawn.add(batch);
  }

  void add(KernelLaunch launch) {
    launches.add(launch);
  }

  /** Nothing more will be recorded. */
  void finish(CudaStream stream) {
    if (!launches.isEmpty()) {
      graph = stream.capture(name, () -> launches.forEach(launch -> launch.run(stream)));
    }
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("sequence '" + name + "' is closed");
    }
    for (CudaScope scope : scopes) {
      scope.requireOpen();
    }
    drawn.forEach(CudaBatch::drawnOnDevice);
    if (graph != null) {
      graph.launch();
    }
  }

  @Override
  public void close() {
    closed = true;
    if (graph != null) {
      graph.close();
    }
  }
}
