package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** Memory is the JVM's; the scope says until when it may be used. */
final class CpuScope implements Scope {
  private final CpuBackend backend;
  private final String name;
  private boolean open = true;

  CpuScope(CpuBackend backend, String name) {
    this.backend = backend;
    this.name = name;
  }

  CpuBackend backend() {
    return backend;
  }

  void requireOpen() {
    if (!open) {
      throw new IllegalStateException("scope '" + name + "' is closed");
    }
  }

  @Override
  public Tensor floats(int rows, int width) {
    requireOpen();
    return new CpuTensor(this, rows, width);
  }

  @Override
  public IntTensor ints(int size) {
    requireOpen();
    return new CpuInts(this, size);
  }

  @Override
  public Batch batch(BatchShape capacity) {
    requireOpen();
    return new CpuBatch(this, capacity);
  }

  @Override
  public StepState stepState() {
    requireOpen();
    return new CpuStepState(this);
  }

  @Override
  public RowGradients rowGradients(int rows, int width) {
    requireOpen();
    return new CpuRowGradients(this, rows, width);
  }

  @Override
  public RaggedIds raggedIds(int histories, int ids) {
    requireOpen();
    return new CpuRaggedIds(this, histories, ids);
  }

  @Override
  public void close() {
    open = false;
  }
}
