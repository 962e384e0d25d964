package io.mgnm.ops;

/** How long the values of a batch's tensor are needed, which decides where a backend puts them. */
public enum Lifetime {
  /** Readable after the operations have run: results, and whatever a test looks at. */
  KEPT,
  /**
   * Written and read inside one recorded {@link Sequence} only, always for the same history. The
   * CPU keeps such a tensor for a few histories at a time, in cache. It cannot be uploaded or
   * downloaded, nor used outside a recording.
   */
  LOCAL
}
