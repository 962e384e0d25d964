package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.exec.Finding;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.BlockOwnership;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Accesses of warps to device memory: which allocation, the checks, and the sectors. */
public final class GlobalAccess {
  private final Processor processor;
  private final DeviceMemory memory;
  private final int granuleShift;
  private final boolean checkBlocks;

  /** Stamps of this launch: base + block; {@code several} stands for more than one block. */
  private final int base;

  private final long[] sorted = new long[Warp.LANES * 2];
  private final AddressLanes part = new AddressLanes();
  private int me;
  private int several;

  /** What is worth knowing of an allocation for the whole launch. */
  private record Known(Allocation allocation, boolean written, BlockOwnership ownership) {
    boolean contains(AddressLanes lanes) {
      return lanes.min >= allocation.base()
          && lanes.max - allocation.base() <= allocation.size() - lanes.bytes;
    }
  }

  private final Map<Allocation, Known> known = new LinkedHashMap<>();
  private Map<Allocation, Allocation.Snapshot> parallel;

  /** The allocations accessed last, the latest first; behind them null. */
  private final Known[] recent = new Known[4];

  private Known last;

  /** Different sectors touched so far. */
  public long touchedSectors;

  GlobalAccess(Processor processor, int granuleShift, boolean checkBlocks, int base) {
    this.processor = processor;
    this.memory = processor.memory;
    this.granuleShift = granuleShift;
    this.checkBlocks = checkBlocks;
    this.base = base;
    int[] grid = processor.gridSize;
    several = base + Math.toIntExact((long) grid[0] * grid[1] * grid[2]);
  }

  private Known know(Allocation allocation) {
    if (parallel != null) {
      // Before any block of this launch writes it: every processor passes here first.
      parallel.computeIfAbsent(allocation, Allocation::snapshot);
      return new Known(
          allocation, allocation.fullyWritten(), allocation.newOwnership(granuleShift));
    }
    return new Known(allocation, allocation.fullyWritten(), allocation.ownership(granuleShift));
  }

  /** Shares the launch with other processors; {@code snapshots} takes what memory was before. */
  public void shareWith(Map<Allocation, Allocation.Snapshot> snapshots) {
    parallel = snapshots;
  }

  /** Leaves the marks of this part of the launch where those of a whole launch are. */
  public void publish() {
    known.forEach(
        (allocation, k) -> allocation.ownership(granuleShift).absorb(k.ownership(), base, several));
  }

  /** Allocations that this processor touched. */
  public Set<Allocation> touchedAllocations() {
    return known.keySet();
  }

  /** Whether a block of one processor wrote what a block of the other touched. */
  public boolean conflictsWith(GlobalAccess other, Allocation allocation) {
    BlockOwnership mine = known.get(allocation).ownership();
    BlockOwnership theirs = other.known.get(allocation).ownership();
    boolean conflict = false;
    for (int g = 0; g < mine.writer().length; g++) {
      boolean w = mine.writer()[g] >= base;
      boolean v = theirs.writer()[g] >= base;
      conflict |= (w && (v || theirs.reader()[g] >= base)) || (v && mine.reader()[g] >= base);
    }
    return conflict;
  }

  /** Sectors of the allocation that both touched: counted twice. Moves them to the other. */
  public long overlap(GlobalAccess other, Allocation allocation) {
    int[] mine = known.get(allocation).ownership().touched();
    int[] theirs = other.known.get(allocation).ownership().touched();
    long both = 0;
    for (int s = 0; s < mine.length; s++) {
      if (mine[s] >= base && theirs[s] >= base) {
        both++;
        mine[s] = 0;
      }
    }
    return both;
  }

  void startBlock(long index) {
    me = base + (int) index;
  }

  /** How an access touches memory. */
  public enum Mode {
    LOAD,
    STORE,
    /** Read and write in one, as seen by all blocks; excepted from the check between blocks. */
    ATOMIC,
    /** From constant memory: not counted as sectors. */
    CONSTANT,
    /** Loads and stores that are volatile or ordered: excepted as well. */
    ORDERED_LOAD,
    ORDERED_STORE;

    boolean reads() {
      return this != STORE && this != ORDERED_STORE;
    }

    boolean writes() {
      return this == STORE || this == ORDERED_STORE || this == ATOMIC;
    }
  }

  /**
   * The allocation that holds the addresses of the first lane and of as many others as possible,
   * after all checks of these lanes.
   *
   * @return the allocation; {@link #group} says which lanes are in it
   */
  public Allocation access(Warp warp, Instruction at, AddressLanes lanes, Mode mode) {
    group = lanes.mask;
    if (!lookUp(lanes)) {
      last = resolve(warp, at, lanes);
      if (!last.contains(lanes)) {
        group = 0;
        for (int m = lanes.mask; m != 0; m &= m - 1) {
          int lane = Integer.numberOfTrailingZeros(m);
          if (last.allocation().contains(lanes.at[lane], lanes.bytes)) {
            group |= 1 << lane;
          }
        }
        part.restrict(lanes, group, 0);
        lanes = part;
      }
    }
    Allocation allocation = last.allocation();
    groupLanes = lanes;
    if (lanes.misaligned()) {
      throw warp.misaligned(at, lanes);
    }
    if (mode.writes() && allocation.readOnly()) {
      int lane = Integer.numberOfTrailingZeros(group);
      throw warp.fault(
          DeviceFault.Kind.WRITE_TO_CONSTANT, at, lane, lanes.at[lane], "store to " + allocation);
    }
    if (mode.reads() && processor.checkUninitialised && !last.written()) {
      checkWritten(warp, at, lanes, allocation);
    }
    if (mode.writes()) {
      markWritten(lanes, allocation);
    }
    if (checkBlocks || parallel != null) {
      checkOwners(warp, at, lanes, allocation, mode);
    }
    if (processor.counting && mode != Mode.CONSTANT) {
      count(lanes, allocation, mode);
    }
    return allocation;
  }

  /** Lanes that the last {@link #access} covered, and their addresses. */
  public int group;

  public AddressLanes groupLanes;

  /** Looks among the recent allocations for one that holds all lanes. */
  private boolean lookUp(AddressLanes lanes) {
    Known[] candidates = recent;
    for (int i = 0; i < candidates.length; i++) {
      Known candidate = candidates[i];
      if (candidate == null) {
        return false;
      }
      if (candidate.contains(lanes)) {
        for (; i > 0; i--) {
          candidates[i] = candidates[i - 1];
        }
        candidates[0] = candidate;
        last = candidate;
        return true;
      }
    }
    return false;
  }

  private Known resolve(Warp warp, Instruction at, AddressLanes lanes) {
    int lane = Integer.numberOfTrailingZeros(lanes.mask);
    long address = lanes.at[lane];
    Allocation allocation = memory.find(address);
    if (allocation == null || !allocation.contains(address, lanes.bytes)) {
      throw warp.fault(
          DeviceFault.Kind.OUT_OF_BOUNDS_GLOBAL,
          at,
          lane,
          address,
          String.format(
              "%d bytes at 0x%x%s",
              lanes.bytes,
              address,
              memory
                  .nearest(address)
                  .filter(a -> address - a.base() - a.size() < 4096)
                  .map(
                      a ->
                          String.format(
                              ", %d past the end of %s", address - a.base() - a.size(), a))
                  .orElse(", far from any allocation")));
    }
    if (!allocation.live()) {
      throw warp.fault(
          DeviceFault.Kind.USE_AFTER_FREE, at, lane, address, "access to " + allocation);
    }
    Known result = known.computeIfAbsent(allocation, this::know);
    System.arraycopy(recent, 0, recent, 1, recent.length - 1);
    recent[0] = result;
    return result;
  }

  private void checkWritten(Warp warp, Instruction at, AddressLanes lanes, Allocation allocation) {
    byte[] written = allocation.written();
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      long offset = lanes.at[lane] - allocation.base();
      for (long b = offset; b < offset + lanes.bytes; b++) {
        if ((written[(int) (b >>> 2)] >>> (b & 3) & 1) == 0) {
          long address = b + allocation.base();
          warp.finding(
              Finding.Kind.UNINITIALISED_GLOBAL,
              at,
              lane,
              address,
              () ->
                  String.format(
                      "0x%x, byte %d of %s, is read and was never written",
                      address, address - allocation.base(), allocation));
          break;
        }
      }
    }
  }

  private void markWritten(AddressLanes lanes, Allocation allocation) {
    if (last.written()) {
      return;
    }
    byte[] written = allocation.written();
    long from = allocation.base();
    if (lanes.contiguous && lanes.bytes >= 4) {
      int first = (int) ((lanes.min - from) >>> 2);
      int end = (int) ((lanes.max - from + lanes.bytes) >>> 2);
      Arrays.fill(written, first, end, (byte) 15);
      return;
    }
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      long offset = lanes.at[Integer.numberOfTrailingZeros(m)] - from;
      if (lanes.bytes >= 4) {
        for (int k = 0; k < lanes.bytes / 4; k++) {
          written[(int) (offset >>> 2) + k] = 15;
        }
      } else {
        written[(int) (offset >>> 2)] |= (byte) (((1 << lanes.bytes) - 1) << (offset & 3));
      }
    }
  }

  private void checkOwners(
      Warp warp, Instruction at, AddressLanes lanes, Allocation allocation, Mode mode) {
    if (mode == Mode.ATOMIC || mode == Mode.ORDERED_STORE) {
      for (int m = lanes.mask; m != 0; m &= m - 1) {
        long offset = lanes.at[Integer.numberOfTrailingZeros(m)] - allocation.base();
        last.ownership().markAtomic((int) (offset >>> granuleShift), me);
      }
    }
    if (mode != Mode.LOAD && mode != Mode.STORE) {
      return;
    }
    int granules = Math.max(1, lanes.bytes >> granuleShift);
    boolean load = mode == Mode.LOAD;
    long from = allocation.base();
    if (lanes.uniform || lanes.contiguous) {
      int g = (int) ((lanes.min - from) >>> granuleShift);
      int end = lanes.uniform ? lanes.first + 1 : lanes.end;
      for (int lane = lanes.first; lane < end; lane++, g += granules) {
        own(warp, at, lane, g, granules, load);
      }
      return;
    }
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      own(warp, at, lane, (int) ((lanes.at[lane] - from) >>> granuleShift), granules, load);
    }
  }

  /** One lane's granules are read or written by this block. */
  private void own(Warp warp, Instruction at, int lane, int first, int count, boolean load) {
    int[] writer = last.ownership().writer();
    int[] reader = last.ownership().reader();
    for (int k = first; k < first + count; k++) {
      int w = writer[k];
      if (w >= base && w != me) {
        conflict(warp, at, lane, k, w, "written", load ? "read" : "written");
      }
      int r = reader[k];
      if (load) {
        if (r != me) {
          reader[k] = r >= base ? several : me;
        }
      } else {
        writer[k] = me;
        if (r >= base && r != me) {
          conflict(warp, at, lane, k, r, "read", "written");
        }
      }
    }
  }

  private void conflict(
      Warp warp, Instruction at, int lane, int granule, int stamp, String before, String now) {
    Allocation allocation = last.allocation();
    long address = allocation.base() + ((long) granule << granuleShift);
    warp.finding(
        Finding.Kind.BLOCK_CONFLICT,
        at,
        lane,
        address,
        () ->
            String.format(
                "0x%x, byte %d of %s, is %s here and was %s by %s in the same launch",
                address,
                address - allocation.base(),
                allocation,
                now,
                before,
                stamp == several ? "several blocks" : "block " + (stamp - base)));
  }

  private void count(AddressLanes lanes, Allocation allocation, Mode mode) {
    long bytes = (long) Integer.bitCount(lanes.mask) * lanes.bytes;
    int sectors = sectors(lanes, allocation);
    if (mode.reads()) {
      processor.loadBytes += bytes;
      processor.loadSectors += sectors;
    }
    if (mode.writes()) {
      processor.storeBytes += bytes;
      processor.storeSectors += sectors;
    }
  }

  /** Different 32-byte sectors of the access; marks them as touched. */
  private int sectors(AddressLanes lanes, Allocation allocation) {
    int[] touched = last.ownership().touched();
    long from = allocation.base();
    if (lanes.uniform || lanes.contiguous) {
      int first = (int) ((lanes.min - from) >>> 5);
      int end = (int) ((lanes.max - from + lanes.bytes - 1) >>> 5);
      for (int s = first; s <= end; s++) {
        touch(touched, s);
      }
      return end - first + 1;
    }
    int count = 0;
    int previous = -1;
    boolean ascending = true;
    for (int i = 0; i < Warp.LANES; i++) {
      int s = (int) ((lanes.at[i] - from) >>> 5);
      if (s != previous) {
        ascending &= s > previous;
        sorted[count++] = s;
        previous = s;
      }
    }
    if (!ascending) {
      Arrays.sort(sorted, 0, count);
    }
    int different = 0;
    long before = -1;
    for (int i = 0; i < count; i++) {
      if (sorted[i] != before) {
        before = sorted[i];
        different++;
        touch(touched, (int) before);
      }
    }
    return different;
  }

  private void touch(int[] touched, int sector) {
    if (touched[sector] < base) {
      touched[sector] = base;
      touchedSectors++;
    }
  }
}
