package io.mgnm.ops.cpu;

import io.mgnm.ops.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A recorded line of operations, with neighbours that work history by history made one section. */
final class CpuSequence implements Sequence {
  private final CpuBackend backend;
  private final Set<CpuScope> scopes = new LinkedHashSet<>();
  private final List<Runnable> steps = new ArrayList<>();
  private final List<HistoryTask> tasks = new ArrayList<>(); // of the section being collected
  private final List<CpuTensor> sums = new ArrayList<>();
  private CpuBatch batch;
  private Runnable[] program;
  private CpuScope[] needed;

  CpuSequence(CpuBackend backend) {
    this.backend = backend;
  }

  void uses(CpuScope scope) {
    scopes.add(scope);
  }

  void perHistory(CpuBatch over, HistoryTask task, List<CpuTensor> summed) {
    if (batch != over) {
      endSection();
      batch = over;
    }
    tasks.add(task);
    sums.addAll(summed);
  }

  void whole(Runnable task) {
    endSection();
    steps.add(task);
  }

  private void endSection() {
    if (!tasks.isEmpty()) {
      steps.add(new CpuSection(backend.workers(), batch, tasks, sums));
      tasks.clear();
      sums.clear();
    }
    batch = null;
  }

  /** Nothing more will be recorded. */
  void finish() {
    endSection();
    program = steps.toArray(Runnable[]::new);
    needed = scopes.toArray(CpuScope[]::new);
  }

  @Override
  public void run() {
    if (program == null) {
      throw new IllegalStateException("this sequence is closed");
    }
    for (CpuScope scope : needed) {
      scope.requireOpen();
    }
    for (Runnable step : program) {
      step.run();
    }
  }

  @Override
  public void close() {
    program = null;
    steps.clear();
  }
}
