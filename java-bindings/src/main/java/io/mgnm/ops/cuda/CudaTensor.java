package io.mgnm.ops.cuda;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import java.util.Objects;

/**
 * Float values in device memory, in canonical order, but for capsules of items: those lie sequence
 * by sequence, {@code [history][capsule][position][width]}.
 */
final class CudaTensor implements Tensor {
  private final CudaScope scope;
  private final CudaBatch batch; // null where rows are fixed
  private final Axis axis;
  private final int fixedRows;
  private final int width;
  private final boolean capsules;
  private final boolean local;
  private final DeviceBuffer buffer; // of the capacity
  private final long offset; // of the first value from the start of an allocation

  /** Rows fixed for ever. */
  CudaTensor(CudaScope scope, DeviceBuffer buffer, int rows, int width) {
    this(scope, buffer, 0, rows, width);
  }

  private CudaTensor(CudaScope scope, DeviceBuffer buffer, long offset, int rows, int width) {
    this.scope = scope;
    this.batch = null;
    this.axis = Axis.FIXED;
    this.fixedRows = rows;
    this.width = width;
    this.capsules = false;
    this.local = false;
    this.buffer = buffer;
    this.offset = offset;
  }

  /** Rows of a batch. */
  CudaTensor(CudaBatch batch, Axis axis, int width, boolean capsules, Lifetime lifetime) {
    this.scope = batch.scope();
    this.batch = batch;
    this.axis = axis;
    this.fixedRows = 0;
    this.width = width;
    this.capsules = capsules;
    this.local = lifetime == Lifetime.LOCAL;
    int perRow = capsules ? Math.multiplyExact(width, batch.shape().capsules()) : width;
    long count = Math.multiplyExact(batch.capacity(axis), (long) perRow);
    this.buffer = scope.allocateFloats(count, axis + " x " + perRow);
    this.offset = 0;
  }

  CudaScope scope() {
    return scope;
  }

  boolean isLocal() {
    return local;
  }

  /** Its memory: of a batch's rows, room for the capacity. */
  DeviceBuffer buffer() {
    return buffer;
  }

  /** Whether the first value lies on a multiple of 16 bytes, and so every fourth after it. */
  boolean aligned16() {
    return offset % 4 == 0; // allocations begin on multiples of 256 bytes
  }

  @Override
  public Axis axis() {
    return axis;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public boolean capsules() {
    return capsules;
  }

  @Override
  public int rows() {
    return batch == null ? fixedRows : batch.rows(axis);
  }

  @Override
  public int size() {
    int perRow = capsules ? Math.multiplyExact(width, batch.shape().capsules()) : width;
    return Math.multiplyExact(rows(), perRow);
  }

  @Override
  public Tensor slice(int first, int rows, int sliceWidth) {
    if (axis != Axis.FIXED) {
      throw new IllegalArgumentException("only a tensor of fixed rows can be sliced");
    }
    int count = Math.multiplyExact(rows, sliceWidth);
    Objects.checkFromIndexSize(first, count, size());
    return new CudaTensor(scope, buffer.slice(first, count), offset + first, rows, sliceWidth);
  }

  @Override
  public void upload(float[] source) {
    requireKept();
    if (source.length != size()) {
      throw new IllegalArgumentException(
          "upload: expected " + size() + " values, got " + source.length);
    }
    float[] values = source;
    if (bySequence()) {
      values = new float[source.length];
      float[] target = values;
      eachPiece((canonical, place) -> System.arraycopy(source, canonical, target, place, width));
    }
    scope.backend().stream().upload(buffer.slice(0, size()), values);
  }

  @Override
  public float[] download() {
    requireKept();
    float[] values = new float[size()];
    scope.backend().stream().download(buffer.slice(0, size()), values);
    if (!bySequence()) {
      return values;
    }
    float[] result = new float[values.length];
    eachPiece((canonical, place) -> System.arraycopy(values, place, result, canonical, width));
    return result;
  }

  private void requireKept() {
    scope.requireTransfer();
    if (local) {
      throw new IllegalStateException("a LOCAL tensor cannot be uploaded or downloaded");
    }
  }

  private boolean bySequence() {
    return capsules && axis == Axis.ITEMS;
  }

  private interface Piece {
    void visit(int canonical, int place);
  }

  /** Visits every capsule of every item with its first value's canonical index and its place. */
  private void eachPiece(Piece visitor) {
    Histories histories = batch.histories();
    int s = batch.shape().capsules();
    for (int h = 0; h < histories.count(); h++) {
      int begin = histories.offsets()[h];
      int n = histories.offsets()[h + 1] - begin;
      for (int capsule = 0; capsule < s; capsule++) {
        for (int t = 0; t < n; t++) {
          int canonical = (begin + t) * s + capsule;
          int place = begin * s + capsule * n + t;
          visitor.visit(canonical * width, place * width);
        }
      }
    }
  }
}
