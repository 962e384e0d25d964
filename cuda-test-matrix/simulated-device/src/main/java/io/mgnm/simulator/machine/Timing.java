package io.mgnm.simulator.machine;

/**
 * When results can be read, for the longest chain of a warp: instructions issue in order, one a
 * cycle, and wait for what they read. Kept apart from the instructions, in one array, so that a run
 * of them is one short loop.
 */
final class Timing {
  private static final int READS = 3;
  private static final int WRITE = READS;
  private static final int LATENCY = WRITE + 1;
  private static final int STRIDE = LATENCY + 1;

  private final int[] table;

  /** What does not fit the table, by instruction; mostly null. */
  private final int[][] moreReads;

  private final int[][] moreWrites;

  /**
   * @param places those that instructions name
   */
  Timing(Instruction[] code, int places) {
    table = new int[code.length * STRIDE];
    moreReads = new int[code.length][];
    moreWrites = new int[code.length][];
    for (int i = 0; i < code.length; i++) {
      int[] reads = code[i].reads;
      int[] writes = code[i].writes;
      for (int k = 0; k < READS; k++) {
        table[i * STRIDE + k] = k < reads.length ? reads[k] : places;
      }
      table[i * STRIDE + WRITE] = writes.length > 0 ? writes[0] : places + 1;
      table[i * STRIDE + LATENCY] = code[i].latency;
      moreReads[i] =
          reads.length > READS ? java.util.Arrays.copyOfRange(reads, READS, reads.length) : null;
      moreWrites[i] =
          writes.length > 1 ? java.util.Arrays.copyOfRange(writes, 1, writes.length) : null;
    }
  }

  /** Length of the array of cycles: one place that is always ready and one that none reads more. */
  static int slots(int places) {
    return places + 2;
  }

  /**
   * Issues the instructions {@code from} to {@code to}.
   *
   * @param ready cycle at which each place can be read
   * @param now cycle of the last issue
   * @return cycle of their last issue
   */
  int issue(int[] ready, int now, int from, int to) {
    int[] t = table;
    int issue = now;
    for (int i = from, at = from * STRIDE; i < to; i++, at += STRIDE) {
      int operands = Math.max(ready[t[at]], Math.max(ready[t[at + 1]], ready[t[at + 2]]));
      if (moreReads[i] != null) {
        for (int place : moreReads[i]) {
          operands = Math.max(operands, ready[place]);
        }
      }
      issue = Math.max(issue + 1, operands);
      int done = issue + t[at + LATENCY];
      ready[t[at + WRITE]] = done;
      if (moreWrites[i] != null) {
        for (int place : moreWrites[i]) {
          ready[place] = done;
        }
      }
    }
    return issue;
  }
}
