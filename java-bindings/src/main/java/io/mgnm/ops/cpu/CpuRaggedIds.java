package io.mgnm.ops.cpu;

import io.mgnm.ops.RaggedIds;
import java.util.Arrays;

/** Lists of ids in two arrays of their capacity. */
final class CpuRaggedIds implements RaggedIds {
  final CpuScope scope;
  private final int[] offsets;
  private final int[] ids;

  CpuRaggedIds(CpuScope scope, int histories, int capacity) {
    this.scope = scope;
    offsets = new int[histories + 1];
    ids = new int[capacity];
  }

  @Override
  public void upload(int[] newOffsets, int[] newIds) {
    scope.requireOpen();
    if (newOffsets.length > offsets.length || newIds.length > ids.length) {
      throw new IllegalArgumentException(
          "id lists: expected at most %d lists of %d ids in all, got %d of %d"
              .formatted(offsets.length - 1, ids.length, newOffsets.length - 1, newIds.length));
    }
    System.arraycopy(newOffsets, 0, offsets, 0, newOffsets.length);
    Arrays.fill(offsets, newOffsets.length, offsets.length, newOffsets[newOffsets.length - 1]);
    System.arraycopy(newIds, 0, ids, 0, newIds.length);
  }

  /** Where the ids of history {@code b} that are at least {@code id} begin. */
  int seek(int b, int id) {
    int found = Arrays.binarySearch(ids, offsets[b], offsets[b + 1], id);
    return found < 0 ? -found - 1 : found;
  }

  /** One past the last id of history {@code b}. */
  int end(int b) {
    return offsets[b + 1];
  }

  /** An id by its place in all lists. */
  int id(int place) {
    return ids[place];
  }

  /** Whether the list of history {@code b} has {@code id}. */
  boolean contains(int b, int id) {
    return Arrays.binarySearch(ids, offsets[b], offsets[b + 1], id) >= 0;
  }
}
