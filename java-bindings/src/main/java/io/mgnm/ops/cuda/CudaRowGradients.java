package io.mgnm.ops.cuda;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.RowGradients;
import java.util.Arrays;

/**
 * Touched rows and their sums in slots, some of which are holes: see {@code embedding_gradient.cu}.
 * Who asks for them gets them without holes.
 */
final class CudaRowGradients implements RowGradients {
  private final CudaScope scope;
  private final int width;
  private final CudaInts rows;
  private final DeviceBuffer sums;
  private final CudaInts count;

  CudaRowGradients(CudaScope scope, int room, int width) {
    this.scope = scope;
    this.width = width;
    long size = Math.multiplyExact((long) room, (long) width);
    rows = scope.allocateInts(room, "row gradients: rows");
    sums = scope.allocateFloats(size, "row gradients: sums");
    count = scope.allocateInts(1, "row gradients: slots in use");
  }

  CudaScope scope() {
    return scope;
  }

  /** Slots that there are. */
  int room() {
    return rows.size();
  }

  /** The row of each slot, or its complement where the slot is a hole. */
  DeviceBuffer rows() {
    return rows.buffer();
  }

  /** The sum of each slot. */
  DeviceBuffer sums() {
    return sums;
  }

  /** One integer: slots in use, holes among them, or -1 where there were not enough. */
  DeviceBuffer count() {
    return count.buffer();
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int[] downloadRows() {
    return Arrays.stream(slots()).filter(row -> row >= 0).toArray();
  }

  @Override
  public float[] downloadGradients() {
    int[] slots = slots();
    float[] values = new float[Math.multiplyExact(slots.length, width)];
    scope.backend().stream().download(sums.slice(0, values.length), values);
    int size = 0;
    for (int slot = 0; slot < slots.length; slot++) {
      if (slots[slot] >= 0) {
        System.arraycopy(values, slot * width, values, size, width);
        size += width;
      }
    }
    return Arrays.copyOf(values, size);
  }

  /** {@link #rows} of the slots in use. */
  private int[] slots() {
    int used = count.download()[0];
    if (used < 0) {
      throw new IllegalStateException(
          "embedding_gradient: more distinct rows than the room for " + room());
    }
    return Arrays.copyOf(rows.download(), used);
  }
}
