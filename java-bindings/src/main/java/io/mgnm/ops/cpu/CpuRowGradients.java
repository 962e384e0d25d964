package io.mgnm.ops.cpu;

import io.mgnm.ops.RowGradients;
import java.util.Arrays;

/** The touched rows, ascending, and their sums, in arrays of their capacity. */
final class CpuRowGradients implements RowGradients {
  final CpuScope scope;
  final int width;
  final int[] rows;
  final float[] sums;
  int count;

  CpuRowGradients(CpuScope scope, int capacity, int width) {
    this.scope = scope;
    this.width = width;
    rows = new int[capacity];
    sums = new float[Math.multiplyExact(capacity, width)];
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int[] downloadRows() {
    scope.requireOpen();
    return Arrays.copyOf(rows, count);
  }

  @Override
  public float[] downloadGradients() {
    scope.requireOpen();
    return Arrays.copyOf(sums, count * width);
  }
}
