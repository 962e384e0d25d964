package io.mgnm.ops.cuda;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.RaggedIds;
import java.util.Arrays;

/** Lists of ids in device memory of their capacity. */
final class CudaRaggedIds implements RaggedIds {
  private final CudaScope scope;
  private final CudaInts offsets;
  private final CudaInts ids;

  CudaRaggedIds(CudaScope scope, int histories, int capacity) {
    this.scope = scope;
    offsets = scope.allocateInts(Math.addExact(histories, 1), "id lists: offsets");
    ids = scope.allocateInts(capacity, "id lists: ids");
  }

  CudaScope scope() {
    return scope;
  }

  /** Where each history's list begins, and the end of the last. */
  DeviceBuffer offsets() {
    return offsets.buffer();
  }

  DeviceBuffer ids() {
    return ids.buffer();
  }

  @Override
  public void upload(int[] newOffsets, int[] newIds) {
    scope.requireTransfer();
    if (newOffsets.length > offsets.size() || newIds.length > ids.size()) {
      throw new IllegalArgumentException(
          "id lists: expected at most %d lists of %d ids in all, got %d of %d"
              .formatted(offsets.size() - 1, ids.size(), newOffsets.length - 1, newIds.length));
    }
    int[] all = Arrays.copyOf(newOffsets, offsets.size()); // lists behind those given are empty
    Arrays.fill(all, newOffsets.length, all.length, newOffsets[newOffsets.length - 1]);
    offsets.upload(all);
    if (newIds.length > 0) {
      scope.backend().stream().upload(ids.buffer().slice(0, newIds.length), newIds);
    }
  }
}
