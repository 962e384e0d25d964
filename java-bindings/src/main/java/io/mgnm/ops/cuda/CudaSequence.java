package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaGraph;
import io.mgnm.cuda.CudaStream;
import io.mgnm.cuda.KernelLaunch;
import io.mgnm.ops.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Recorded work: launches only, captured once as a CUDA graph, or else given to the stream piece by
 * piece whenever it runs.
 */
final class CudaSequence implements Sequence {
  private final String name;
  private final Set<CudaScope> scopes = new LinkedHashSet<>();
  private final List<RepeatedDraws> draws = new ArrayList<>();
  private final List<Consumer<CudaStream>> work = new ArrayList<>();
  private final List<PartialSum> sums = new ArrayList<>(); // not added up yet
  private final CudaStream stream;
  private boolean capturable;
  private CudaGraph graph; // null where there is nothing to capture, or it cannot be
  private boolean closed;

  /**
   * @param graphs whether a graph is wanted
   */
  CudaSequence(String name, CudaStream stream, boolean graphs) {
    this.name = name;
    this.stream = stream;
    this.capturable = graphs;
  }

  void uses(CudaScope scope) {
    scopes.add(scope);
  }

  /** Running will change what the batch holds. */
  void draws(RepeatedDraws draw) {
    draws.add(draw);
  }

  void add(KernelLaunch launch) {
    if (sums.stream().anyMatch(sum -> sum.concerns(launch))) {
      addUp();
    }
    work.add(launch::run);
  }

  /** Sums wait for one another, so that few launches add them up, until somebody needs one. */
  void add(PartialSum sum) {
    sums.add(sum);
  }

  private void addUp() {
    PartialSum.launches(sums).forEach(launch -> work.add(launch::run));
    sums.clear();
  }

  /** Work that looks at the host's memory each time, which no graph can do. */
  void addOnHost(Runnable onHost) {
    addUp();
    work.add(ignored -> onHost.run());
    capturable = false;
  }

  /** For work on the host that comes later; a graph has none and needs no notes. */
  void note(Runnable note) {
    work.add(ignored -> note.run());
  }

  /** Nothing more will be recorded. */
  void finish() {
    addUp();
    if (capturable && !work.isEmpty() && !stream.isMeasuring()) {
      graph = stream.capture(name, this::runWork);
    }
  }

  private void runWork() {
    for (Consumer<CudaStream> piece : work) {
      piece.accept(stream);
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
    draws.forEach(RepeatedDraws::happens);
    if (graph != null) {
      graph.launch();
    } else {
      runWork();
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
