package io.mgnm.ops.cuda;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.IntTensor;

/** Integers in device memory. */
final class CudaInts implements IntTensor {
  private final CudaScope scope;
  private final DeviceBuffer buffer;

  CudaInts(CudaScope scope, DeviceBuffer buffer) {
    this.scope = scope;
    this.buffer = buffer;
  }

  CudaScope scope() {
    return scope;
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  @Override
  public int size() {
    return Math.toIntExact(buffer.count());
  }

  @Override
  public void upload(int[] source) {
    scope.requireTransfer();
    if (source.length != size()) {
      throw new IllegalArgumentException(
          "upload: expected " + size() + " integers, got " + source.length);
    }
    scope.backend().stream().upload(buffer, source);
  }

  @Override
  public int[] download() {
    scope.requireTransfer();
    int[] values = new int[size()];
    scope.backend().stream().download(buffer, values);
    return values;
  }
}
