package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.DeviceFault;
import java.util.Arrays;

/**
 * The block that runs: its warps, its barriers, and the clock by which races are told. Reused for
 * one block after the other.
 */
public final class Block {
  private static final int BARRIERS = 16;

  public final SharedMemory shared = new SharedMemory();
  final Processor processor;
  Warp[] warps = {};
  int x;
  int y;
  int z;

  /** Index in the grid, x fastest. */
  long index;

  /** Advances with every synchronisation in the block; never goes back, not even between blocks. */
  long time = 1;

  /** What happened before this time is ordered before everything now, for all threads. */
  long barrierTime = 1;

  /** Barrier state by barrier id. */
  private final int[] arrivedThreads = new int[BARRIERS];

  private final int[] neededThreads = new int[BARRIERS];
  private final int[] arrivedWarps = new int[BARRIERS];
  private final int[] waitingWarps = new int[BARRIERS];
  private final Instruction[] firstAt = new Instruction[BARRIERS];
  private final int[] popc = new int[BARRIERS];
  private final boolean[] all = new boolean[BARRIERS];
  private final boolean[] any = new boolean[BARRIERS];
  private final int[] latest = new int[BARRIERS];

  /** {@code known[a][b]}: warp a is ordered after what warp b did before this time. */
  private long[][] known = {};

  /** Where a {@code bar.red} finds its result after the barrier, by warp. */
  public final int[] redPopc = new int[32];

  public final boolean[] redAll = new boolean[32];
  public final boolean[] redAny = new boolean[32];

  Block(Processor processor) {
    this.processor = processor;
  }

  void start(int bx, int by, int bz, long blockIndex, int warpCount) {
    x = bx;
    y = by;
    z = bz;
    index = blockIndex;
    time++;
    barrierTime = time;
    Arrays.fill(arrivedThreads, 0);
    Arrays.fill(arrivedWarps, 0);
    Arrays.fill(waitingWarps, 0);
    Arrays.fill(firstAt, null);
    if (known.length != warpCount) {
      known = new long[warpCount][warpCount];
    } else {
      for (long[] row : known) {
        Arrays.fill(row, 0);
      }
    }
  }

  /**
   * Whether what {@code stamp} stands for is ordered before an access of this lane now: by a block
   * barrier, by a named one, by a warp-level one, or by being the same thread.
   */
  boolean ordered(Warp warp, int lane, long stamp) {
    long then = Stamps.time(stamp);
    if (then < barrierTime) {
      return true;
    }
    int other = Stamps.warp(stamp);
    if (other != warp.index) {
      return then < known[warp.index][other];
    }
    int otherLane = Stamps.lane(stamp);
    return otherLane == lane || warp.ordered(lane, otherLane, then);
  }

  /** Whether a barrier of the block or of the whole warp lies between; for all lanes alike. */
  boolean settled(Warp warp, long stamp) {
    long then = Stamps.time(stamp);
    return then < barrierTime || (Stamps.warp(stamp) == warp.index && then < warp.syncTime);
  }

  String describe(long stamp) {
    Warp warp = warps[Stamps.warp(stamp)];
    int lane = Stamps.lane(stamp);
    return lane == Stamps.SEVERAL
        ? "several threads of warp " + warp.index
        : warp.thread(lane).toString();
  }

  /**
   * All live lanes of a warp have come to a barrier.
   *
   * @param threads how many threads the barrier waits for; 0 for all of the block
   * @param waits false for {@code bar.arrive}
   * @param values predicate of the lanes, for {@code bar.red}
   */
  public void arrive(
      Warp warp, Instruction at, int id, int threads, boolean waits, int values, int lanes) {
    if (id < 0 || id >= BARRIERS) {
      throw warp.fault(DeviceFault.Kind.BARRIER_DIVERGENCE, at, 0, 0, "there is no barrier " + id);
    }
    if (threads % Warp.LANES != 0) {
      throw warp.fault(
          DeviceFault.Kind.BARRIER_DIVERGENCE,
          at,
          0,
          0,
          "a barrier for " + threads + " threads, not a multiple of the warp size");
    }
    boolean first = arrivedThreads[id] == 0;
    if (first) {
      neededThreads[id] = threads;
      firstAt[id] = at;
      popc[id] = 0;
      all[id] = true;
      any[id] = false;
      latest[id] = 0;
    } else if (neededThreads[id] != threads) {
      throw warp.fault(
          DeviceFault.Kind.BARRIER_DIVERGENCE,
          at,
          0,
          0,
          String.format(
              "barrier %d awaits %d threads here and %d at PTX line %d",
              id, threads, neededThreads[id], firstAt[id].statement.line()));
    } else if (threads == 0 && firstAt[id] != at) {
      throw warp.fault(
          DeviceFault.Kind.BARRIER_DIVERGENCE,
          at,
          0,
          0,
          "warps of the block are at different block-wide barriers; the other is at PTX line "
              + firstAt[id].statement.line());
    }
    arrivedThreads[id] += Warp.LANES;
    arrivedWarps[id] |= 1 << warp.index;
    if (waits) {
      waitingWarps[id] |= 1 << warp.index;
    }
    popc[id] += Integer.bitCount(values & lanes);
    all[id] &= (values & lanes) == lanes;
    any[id] |= (values & lanes) != 0;
    latest[id] = Math.max(latest[id], warp.now);
    release(id);
  }

  /** A warp has ended: block-wide barriers may be complete now. */
  void exited() {
    for (int id = 0; id < BARRIERS; id++) {
      if (arrivedThreads[id] > 0) {
        release(id);
      }
    }
  }

  private void release(int id) {
    int needed = neededThreads[id];
    if (needed == 0) {
      for (Warp warp : warps) {
        needed += warp.live != 0 ? Warp.LANES : 0;
      }
    }
    if (arrivedThreads[id] < needed) {
      return;
    }
    time++;
    boolean whole = true;
    for (Warp warp : warps) {
      whole &= warp.live == 0 || (waitingWarps[id] >>> warp.index & 1) != 0;
    }
    if (whole) {
      barrierTime = time;
    } else {
      join(arrivedWarps[id], waitingWarps[id]);
    }
    for (int m = waitingWarps[id]; m != 0; m &= m - 1) {
      int w = Integer.numberOfTrailingZeros(m);
      redPopc[w] = popc[id];
      redAll[w] = all[id];
      redAny[w] = any[id];
      warps[w].resumeFromBarrier(latest[id]);
    }
    arrivedThreads[id] = 0;
    arrivedWarps[id] = 0;
    waitingWarps[id] = 0;
    firstAt[id] = null;
  }

  /** Those that waited are ordered after all that came, and after all that these knew of. */
  private void join(int came, int waited) {
    long[] union = new long[warps.length];
    for (int m = came; m != 0; m &= m - 1) {
      int w = Integer.numberOfTrailingZeros(m);
      for (int v = 0; v < union.length; v++) {
        union[v] = Math.max(union[v], known[w][v]);
      }
      union[w] = time;
    }
    for (int m = waited; m != 0; m &= m - 1) {
      int w = Integer.numberOfTrailingZeros(m);
      System.arraycopy(union, 0, known[w], 0, union.length);
      warps[w].synchronised(-1);
    }
  }
}
