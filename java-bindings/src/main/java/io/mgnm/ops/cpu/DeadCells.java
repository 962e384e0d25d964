package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

/**
 * The cells of capsule tensors that hold no value: positions behind the end of a lane's sequence,
 * and lanes behind the last. Loops run over them with the others; they are kept 0 so that nothing
 * comes of it. Only micro-batches that are not uniform have any.
 */
final class DeadCells {
  private DeadCells() {}

  /** Sets the dead cells of {@code width} values a position, {@code base} on, to {@code value}. */
  static void fill(MicroBatch micro, float[] cells, int base, int width, float value) {
    if (micro.uniform()) {
      return;
    }
    for (int g = 0; g < micro.groups(); g++) {
      if (micro.ragged(g)) {
        int at = base + micro.groupPosition(g) * width * LANES;
        int first = g * LANES;
        LaneRows.fillEnded(
            cells, at, width, micro.groupLength(g), micro.laneLengths(), first, 0, value);
      }
    }
  }

  /** Clears the dead cells of capsules of items. */
  static void clear(MicroBatch micro, CpuTensor tensor) {
    fill(micro, tensor.array(micro), tensor.base(micro), tensor.width(), 0);
  }
}
