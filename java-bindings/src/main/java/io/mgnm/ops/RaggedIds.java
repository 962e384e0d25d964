package io.mgnm.ops;

/** One list of ids for every history of a batch, such as the items not to recommend. */
public interface RaggedIds {

  /**
   * Replaces the lists.
   *
   * @param offsets where each list begins, one more than there are lists
   * @param ids ascending and distinct within a list
   */
  void upload(int[] offsets, int[] ids);
}
