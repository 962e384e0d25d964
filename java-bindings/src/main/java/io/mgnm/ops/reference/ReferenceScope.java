package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** Memory is the JVM's; the scope only says until when it may be used. */
final class ReferenceScope implements Scope {
  private final String name;
  private final Precision precision;
  private boolean open = true;

  ReferenceScope(String name, Precision precision) {
    this.name = name;
    this.precision = precision;
  }

  Precision precision() {
    return precision;
  }

  void requireOpen() {
    if (!open) {
      throw new IllegalStateException("scope '" + name + "' is closed");
    }
  }

  @Override
  public Tensor floats(int rows, int width) {
    requireOpen();
    return new ReferenceTensor(this, rows, width);
  }

  @Override
  public IntTensor ints(int size) {
    requireOpen();
    return new ReferenceInts(size);
  }

  @Override
  public Batch batch(BatchShape capacity) {
    requireOpen();
    return new ReferenceBatch(this, capacity);
  }

  @Override
  public StepState stepState() {
    requireOpen();
    return new ReferenceStepState();
  }

  @Override
  public RowGradients rowGradients(int rows, int width) {
    requireOpen();
    return new ReferenceRowGradients(rows, width, precision);
  }

  @Override
  public RaggedIds raggedIds(int histories, int ids) {
    requireOpen();
    return new ReferenceRaggedIds();
  }

  @Override
  public void close() {
    open = false;
  }
}
