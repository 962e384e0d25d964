package io.mgnm.ops.cuda;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.ElementType;
import io.mgnm.cuda.MemoryScope;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;

/** Device memory of one owner. */
final class CudaScope implements Scope {
  private final CudaBackend backend;
  private final MemoryScope memory;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  CudaScope(CudaBackend backend, MemoryScope memory) {
    this.backend = backend;
    this.memory = memory;
  }

  CudaBackend backend() {
    return backend;
  }

  void requireOpen() {
    memory.requireOpen();
  }

  /** Copies to and from the host happen at once, so they cannot be part of a recording. */
  void requireTransfer() {
    requireOpen();
    backend.requireNoRecording("a copy to or from the host");
  }

  DeviceBuffer allocateFloats(long count, String label) {
    backend.requireNoRecording("an allocation");
    return memory.floats(count, label);
  }

  /** Of any type, and also while operations are recorded. */
  DeviceBuffer allocateScratch(ElementType type, long count, String label) {
    return memory.allocate(type, count, label);
  }

  CudaInts allocateInts(int count, String label) {
    backend.requireNoRecording("an allocation");
    return new CudaInts(this, memory.ints(count, label));
  }

  DeviceBuffer allocateLongs(int count, String label) {
    backend.requireNoRecording("an allocation");
    return memory.allocate(ElementType.INT64, count, label);
  }

  @Override
  public Tensor floats(int rows, int width) {
    long count = Math.multiplyExact((long) rows, (long) width);
    return new CudaTensor(
        this, allocateFloats(count, "tensor " + rows + " x " + width), rows, width);
  }

  @Override
  public IntTensor ints(int size) {
    return allocateInts(size, "integers");
  }

  @Override
  public Batch batch(BatchShape capacity) {
    return new CudaBatch(this, capacity);
  }

  @Override
  public StepState stepState() {
    return new CudaStepState(this);
  }

  @Override
  public RowGradients rowGradients(int rows, int width) {
    return new CudaRowGradients(this, rows, width);
  }

  @Override
  public RaggedIds raggedIds(int histories, int ids) {
    return new CudaRaggedIds(this, histories, ids);
  }

  /** Closes {@code thing} before its own memory. */
  <T extends AutoCloseable> T own(T thing) {
    owned.push(thing);
    return thing;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    owned.add(memory); // goes last
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        RuntimeException now = e instanceof RuntimeException r ? r : new IllegalStateException(e);
        if (failure == null) {
          failure = now;
        } else {
          failure.addSuppressed(now);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
