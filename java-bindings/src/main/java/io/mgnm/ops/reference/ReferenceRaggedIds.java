package io.mgnm.ops.reference;

import io.mgnm.ops.RaggedIds;

/** Lists of ids on the host. */
final class ReferenceRaggedIds implements RaggedIds {
  private int[] offsets = new int[1];
  private int[] ids = new int[0];

  static ReferenceRaggedIds of(RaggedIds lists) {
    if (lists instanceof ReferenceRaggedIds reference) {
      return reference;
    }
    throw new IllegalArgumentException("id lists of another backend were given to 'reference'");
  }

  @Override
  public void upload(int[] newOffsets, int[] newIds) {
    offsets = newOffsets.clone();
    ids = newIds.clone();
  }

  /** Whether the list of history {@code b} has {@code id}; a history without a list has none. */
  boolean contains(int b, int id) {
    for (int i = b + 1 < offsets.length ? offsets[b] : 0;
        b + 1 < offsets.length && i < offsets[b + 1];
        i++) {
      if (ids[i] == id) {
        return true;
      }
    }
    return false;
  }
}
