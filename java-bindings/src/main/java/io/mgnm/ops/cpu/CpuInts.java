package io.mgnm.ops.cpu;

import io.mgnm.ops.IntTensor;

/** Integers in an array. */
final class CpuInts implements IntTensor {
  final CpuScope scope;
  final int[] values;

  CpuInts(CpuScope scope, int size) {
    this.scope = scope;
    values = new int[size];
  }

  @Override
  public int size() {
    return values.length;
  }

  @Override
  public void upload(int[] source) {
    scope.requireOpen();
    if (source.length != values.length) {
      throw new IllegalArgumentException(
          "upload: expected " + values.length + " integers, got " + source.length);
    }
    System.arraycopy(source, 0, values, 0, values.length);
  }

  @Override
  public int[] download() {
    scope.requireOpen();
    return values.clone();
  }
}
