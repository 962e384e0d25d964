package io.mgnm.ops.cpu;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import java.util.Objects;

/**
 * Values in one array, or, where they are {@link Lifetime#LOCAL}, in one array a worker that holds
 * one micro-batch at a time. An operation asks for {@link #array(MicroBatch)} and {@link
 * #base(MicroBatch)} and need not know which.
 */
final class CpuTensor implements Tensor {
  private final CpuScope scope;
  private final CpuBatch batch; // null where rows are fixed
  private final Axis axis;
  private final int fixedRows;
  private final int width;
  private final boolean capsules;
  private final float[] values; // null where local
  private final float[][] local; // null where kept
  private final int offset;
  private final CpuTensor root; // the tensor that a slice was cut from
  private float[][] slots; // of a root that is summed over micro-batches

  /** Rows fixed for ever. */
  CpuTensor(CpuScope scope, int rows, int width) {
    this.scope = scope;
    this.batch = null;
    this.axis = Axis.FIXED;
    this.fixedRows = rows;
    this.width = width;
    this.capsules = false;
    this.values = new float[Math.multiplyExact(rows, width)];
    this.local = null;
    this.offset = 0;
    this.root = this;
  }

  /** Rows of a batch. */
  CpuTensor(CpuBatch batch, Axis axis, int width, boolean capsules, Lifetime lifetime) {
    this.scope = batch.scope();
    this.batch = batch;
    this.axis = axis;
    this.fixedRows = 0;
    this.width = width;
    this.capsules = capsules;
    boolean kept = lifetime == Lifetime.KEPT;
    int capacity = batch.capacity(axis, width, capsules, !kept);
    this.values = kept ? new float[capacity] : null;
    this.local = kept ? null : new float[scope.backend().workers().size()][capacity];
    this.offset = 0;
    this.root = this;
  }

  private CpuTensor(CpuTensor from, int first, int rows, int width) {
    this.scope = from.scope;
    this.batch = null;
    this.axis = Axis.FIXED;
    this.fixedRows = rows;
    this.width = width;
    this.capsules = false;
    this.values = from.values;
    this.local = null;
    this.offset = from.offset + first;
    this.root = from.root;
  }

  CpuScope scope() {
    return scope;
  }

  boolean isLocal() {
    return local != null;
  }

  /** The array of a tensor of fixed rows; its values begin at {@link #offset}. */
  float[] array() {
    return values;
  }

  /** Where a tensor of fixed rows begins in its array and in its slots. */
  int offset() {
    return offset;
  }

  /** The array in which the micro-batch's values lie. */
  float[] array(MicroBatch micro) {
    return local == null ? values : local[micro.worker()];
  }

  /** Where the micro-batch's first row, position or group begins in {@link #array(MicroBatch)}. */
  int base(MicroBatch micro) {
    return local != null ? 0 : base(micro.index());
  }

  private int base(int microBatch) {
    long rows =
        switch (axis) {
          case HISTORIES ->
              capsules
                  ? (long) batch.firstGroup(microBatch) * Lanes.LANES
                  : batch.firstHistory(microBatch);
          case ITEMS ->
              capsules
                  ? (long) batch.firstPosition(microBatch) * Lanes.LANES
                  : batch.offsets[batch.firstHistory(microBatch)];
          case CANDIDATES -> (long) batch.firstHistory(microBatch) * batch.shape().candidates();
          case PAIRS -> batch.firstPair(microBatch);
          case FIXED -> 0;
        };
    return (int) (rows * width);
  }

  /** The slot to which the micro-batch adds its part of a sum over the batch. */
  float[] slot(MicroBatch micro) {
    return root.slots[micro.slot()];
  }

  float[] slot(int number) {
    return root.slots[number];
  }

  /** Makes room for partial sums. */
  void allocateSlots() {
    if (root.slots == null) {
      root.slots = new float[CpuSection.SLOTS][root.values.length];
    }
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
    Objects.checkFromIndexSize(first, Math.multiplyExact(rows, sliceWidth), size());
    return new CpuTensor(this, first, rows, sliceWidth);
  }

  @Override
  public void upload(float[] source) {
    requireKept();
    if (source.length != size()) {
      throw new IllegalArgumentException(
          "upload: expected " + size() + " values, got " + source.length);
    }
    if (capsules) {
      Arrays.fill(values, 0); // lanes and positions without a sequence are zero
      eachCapsuleValue((canonical, place) -> values[place] = source[canonical]);
    } else {
      System.arraycopy(source, 0, values, offset, source.length);
    }
  }

  @Override
  public float[] download() {
    requireKept();
    float[] result = new float[size()];
    if (capsules) {
      eachCapsuleValue((canonical, place) -> result[canonical] = values[place]);
    } else {
      System.arraycopy(values, offset, result, 0, result.length);
    }
    return result;
  }

  private void requireKept() {
    scope.requireOpen();
    if (isLocal()) {
      throw new IllegalStateException("a LOCAL tensor cannot be uploaded or downloaded");
    }
  }

  private interface Place {
    void visit(int canonical, int place);
  }

  /** Visits every value of every live lane with its canonical index and its place. */
  private void eachCapsuleValue(Place visitor) {
    MicroBatch micro = new MicroBatch(0);
    int s = batch.shape().capsules();
    for (int m = 0; m < batch.microBatches(); m++) {
      micro.load(batch, m);
      int base = base(m);
      for (int g = 0; g < micro.groups(); g++) {
        int firstRow = axis == Axis.ITEMS ? micro.groupPosition(g) : g;
        for (int lane = 0; lane < Lanes.LANES; lane++) {
          int history = micro.laneHistory(g, lane);
          if (history < 0) {
            continue;
          }
          int rows = axis == Axis.ITEMS ? micro.length(history) : 1;
          int row =
              axis == Axis.ITEMS
                  ? micro.firstItem() + micro.begin(history)
                  : micro.firstHistory() + history;
          for (int t = 0; t < rows; t++) {
            for (int k = 0; k < width; k++) {
              visitor.visit(
                  ((row + t) * s + micro.laneCapsule(g, lane)) * width + k,
                  base + ((firstRow + t) * width + k) * Lanes.LANES + lane);
            }
          }
        }
      }
    }
  }
}
