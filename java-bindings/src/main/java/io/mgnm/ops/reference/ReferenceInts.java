package io.mgnm.ops.reference;

import io.mgnm.ops.IntTensor;

/** Integers on the host. */
final class ReferenceInts implements IntTensor {
  final int[] values;

  ReferenceInts(int size) {
    values = new int[size];
  }

  static int[] of(IntTensor tensor) {
    if (tensor instanceof ReferenceInts reference) {
      return reference.values;
    }
    throw new IllegalArgumentException("integers of another backend were given to 'reference'");
  }

  @Override
  public int size() {
    return values.length;
  }

  @Override
  public void upload(int[] source) {
    if (source.length != values.length) {
      throw new IllegalArgumentException(
          "upload: expected " + values.length + " integers, got " + source.length);
    }
    System.arraycopy(source, 0, values, 0, values.length);
  }

  @Override
  public int[] download() {
    return values.clone();
  }
}
