package io.mgnm.simulator.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * The {@code cp.async} of a warp that have not arrived. They arrive as late as the program allows:
 * at the wait that demands it. Groups are counted for each lane.
 */
public final class AsyncCopies {
  private static final class Copy {
    private final int[] group = new int[Warp.LANES];
    private final long[] target = new long[Warp.LANES];
    private final int[][] data = new int[Warp.LANES][];
    private int mask;
  }

  private final List<Copy> copies = new ArrayList<>();
  private final int[] committed = new int[Warp.LANES];

  void reset() {
    copies.clear();
    Arrays.fill(committed, 0);
  }

  /** Lanes end without having waited: their copies arrive some time, but nobody may look. */
  void abandon(int lanes) {
    for (Copy copy : copies) {
      copy.mask &= ~lanes;
    }
    copies.removeIf(copy -> copy.mask == 0);
  }

  /** Takes a copy on. {@code data[lane]} are the words to put at {@code targets.at[lane]}. */
  public void add(AddressLanes targets, int[][] data) {
    Copy copy = new Copy();
    copy.mask = targets.mask;
    for (int m = targets.mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      copy.group[lane] = committed[lane];
      copy.target[lane] = targets.at[lane];
      copy.data[lane] = data[lane];
    }
    copies.add(copy);
  }

  /** What the lanes have started since their last commit becomes a group. */
  public void commit(int lanes) {
    for (int m = lanes; m != 0; m &= m - 1) {
      committed[Integer.numberOfTrailingZeros(m)]++;
    }
  }

  /** Waits until at most {@code pending} of the latest groups are under way. */
  public void waitGroups(Warp warp, int lanes, int pending) {
    arrive(warp, lanes, -1 - pending);
  }

  /** Waits for everything, committed or not. */
  public void waitAll(Warp warp, int lanes) {
    arrive(warp, lanes, 0);
  }

  private void arrive(Warp warp, int lanes, int plus) {
    for (Iterator<Copy> it = copies.iterator(); it.hasNext(); ) {
      Copy copy = it.next();
      for (int m = copy.mask & lanes; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        if (copy.group[lane] <= committed[lane] + plus) {
          int[] data = copy.data[lane];
          warp.block.shared.endAsync(warp, lane, copy.target[lane], data, data.length);
          copy.mask &= ~(1 << lane);
        }
      }
      if (copy.mask == 0) {
        it.remove();
      }
    }
  }
}
