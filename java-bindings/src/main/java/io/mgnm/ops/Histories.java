package io.mgnm.ops;

/**
 * A ragged batch on the host.
 *
 * @param samples the data set's sample number of each history, B: the key of its random draws
 * @param users the user's row of each history, B
 * @param offsets where each history's items begin, B + 1, from 0 to T
 * @param items item rows, oldest first, T
 * @param candidates candidate rows, B·C; the first of each history is the positive one
 */
public record Histories(int[] samples, int[] users, int[] offsets, int[] items, int[] candidates) {

  /** B. */
  public int count() {
    return users.length;
  }

  /**
   * Checks that the arrays fit one another and the capacity.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  public void check(BatchShape shape) {
    int b = users.length;
    require(b <= shape.histories(), "histories", "at most " + shape.histories(), b);
    require(samples.length == b, "samples", "length " + b, samples.length);
    require(offsets.length == b + 1, "offsets", "length " + (b + 1), offsets.length);
    require(offsets[0] == 0, "offsets[0]", "0", offsets[0]);
    for (int h = 0; h < b; h++) {
      int n = offsets[h + 1] - offsets[h];
      require(
          n >= 1 && n <= shape.maxLength(),
          "length of history " + h,
          "1 to " + shape.maxLength(),
          n);
    }
    require(items.length == offsets[b], "items", "length " + offsets[b], items.length);
    require(items.length <= shape.items(), "items", "at most " + shape.items(), items.length);
    int c = Math.multiplyExact(b, shape.candidates());
    require(candidates.length == c, "candidates", "length " + c, candidates.length);
  }

  private static void require(boolean ok, String what, String expected, int came) {
    if (!ok) {
      throw new IllegalArgumentException(
          "batch: " + what + ": expected " + expected + ", got " + came);
    }
  }
}
