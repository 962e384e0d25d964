package io.mgnm.ops.cuda;

import io.mgnm.ops.Histories;

/** Contents of a batch for tests of kernels that look at lengths only. */
final class CudaHistories {
  private CudaHistories() {}

  static Histories of(int... lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int h = 0; h < lengths.length; h++) {
      offsets[h + 1] = offsets[h] + lengths[h];
    }
    int[] none = new int[lengths.length];
    return new Histories(none, none, offsets, new int[offsets[lengths.length]], new int[0]);
  }
}
