package io.mgnm.simulator.machine;

/**
 * Wavefronts of a shared memory access: 32 banks of 4 bytes, each giving one word a pass. Accesses
 * of 8 and 16 bytes go by half and quarter warps.
 */
public final class Banks {
  private static final int BANKS = 32;

  private final int[] count = new int[BANKS];
  private final int[][] words = new int[BANKS][BANKS];

  /** Adds the access to the processor's counters. */
  public void count(Processor processor, AddressLanes lanes) {
    int wordsEach = Math.max(1, lanes.bytes / 4);
    int group = Warp.LANES / wordsEach;
    if (lanes.uniform) {
      processor.sharedWavefronts++;
      return;
    }
    if (lanes.contiguous && lanes.bytes >= 4) {
      processor.sharedWavefronts += (lanes.end - 1) / group - lanes.first / group + 1;
      return;
    }
    for (int first = 0; first < Warp.LANES; first += group) {
      int passes = passes(lanes, first, group, wordsEach);
      processor.sharedWavefronts += passes;
      processor.sharedConflicts += Math.max(0, passes - 1);
    }
  }

  private int passes(AddressLanes lanes, int first, int group, int wordsEach) {
    java.util.Arrays.fill(count, 0);
    int most = 0;
    for (int i = first; i < first + group; i++) {
      if ((lanes.mask >>> i & 1) == 0) {
        continue;
      }
      int word = (int) (lanes.at[i] >>> 2);
      for (int k = 0; k < wordsEach; k++) {
        int bank = word + k & BANKS - 1;
        int n = count[bank];
        int j = 0;
        while (j < n && words[bank][j] != word + k) {
          j++;
        }
        if (j == n) {
          words[bank][n] = word + k;
          count[bank] = n + 1;
          most = Math.max(most, n + 1);
        }
      }
    }
    return most;
  }
}
