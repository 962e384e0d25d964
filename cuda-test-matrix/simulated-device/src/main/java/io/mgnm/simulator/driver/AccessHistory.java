package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.BlockOwnership;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who touched which device memory since the host last waited: finds operations that touch the same
 * bytes, one of them writing, with no stream, event or wait between them. It judges by what orders
 * them, not by the order in which they happened to run, so one run suffices.
 */
final class AccessHistory {
  /**
   * Bytes of one allocation that one operation touched.
   *
   * @param from first byte, as an offset
   * @param to past the last byte
   * @param words which 4-byte words of them; null for all
   */
  private record Touch(Operation operation, Access access, long from, long to, BitSet words) {
    boolean overlaps(Touch other) {
      long start = Math.max(from, other.from);
      long end = Math.min(to, other.to);
      if (start >= end) {
        return false;
      }
      int firstWord = (int) (start >>> 2);
      int lastWord = (int) ((end + 3) >>> 2);
      if (words == null && other.words == null) {
        return true;
      }
      if (words == null || other.words == null) {
        BitSet only = words == null ? other.words : words;
        int next = only.nextSetBit(firstWord);
        return next >= 0 && next < lastWord;
      }
      return words.intersects(other.words);
    }
  }

  private static final int PRUNE_EVERY = 64;
  private final Machine machine;
  private long added;
  private final Map<Allocation, List<Touch>> touches = new HashMap<>();

  AccessHistory(Machine machine) {
    this.machine = machine;
  }

  /** An operation's exact ranges. */
  void touched(Operation operation, DeviceMemory memory, MemoryRange range) {
    Allocation allocation = memory.find(range.address());
    if (allocation != null && range.bytes() > 0) {
      long from = range.address() - allocation.base();
      add(allocation, new Touch(operation, range.access(), from, from + range.bytes(), null));
    }
  }

  /**
   * What a kernel touched, from the marks that its launch left.
   *
   * @param touched allocations that it may have touched
   * @param from first stamp of the launch
   * @param to past its last stamp
   */
  void launched(Operation operation, Set<Allocation> touched, int from, int to) {
    for (Allocation allocation : touched) {
      BlockOwnership marks = allocation.ownership();
      if (marks != null) {
        mark(operation, allocation, marks.writer(), marks.granuleShift(), Access.WRITE, from, to);
        mark(operation, allocation, marks.reader(), marks.granuleShift(), Access.READ, from, to);
      }
    }
  }

  private void mark(
      Operation operation,
      Allocation allocation,
      int[] stamps,
      int granuleShift,
      Access access,
      int from,
      int to) {
    int first = 0;
    while (first < stamps.length && (stamps[first] < from || stamps[first] >= to)) {
      first++;
    }
    if (first == stamps.length) {
      return;
    }
    // One bit a word: several granules share one where they are smaller.
    int toWord = 2 - granuleShift;
    long[] bits = new long[((stamps.length - 1) >>> (toWord + 6)) + 1];
    for (int i = first; i < stamps.length; i++) {
      if (stamps[i] >= from && stamps[i] < to) {
        int word = i >>> toWord;
        bits[word >>> 6] |= 1L << word;
      }
    }
    BitSet words = BitSet.valueOf(bits);
    long start = (long) words.nextSetBit(0) << 2;
    add(allocation, new Touch(operation, access, start, (long) words.length() << 2, words));
  }

  private void add(Allocation allocation, Touch touch) {
    List<Touch> known = touches.computeIfAbsent(allocation, a -> new ArrayList<>());
    if (++added % PRUNE_EVERY == 0) {
      prune();
    }
    for (Touch old : known) {
      Operation other = old.operation();
      if (other != touch.operation()
          && old.access().conflictsWith(touch.access())
          && !other.before(touch.operation())
          && !touch.operation().before(other)
          && old.overlaps(touch)) {
        report(allocation, old, touch);
        break;
      }
    }
    known.add(touch);
  }

  /**
   * Forgets what everything that is pending, and whatever the host may yet ask for, comes after.
   */
  private void prune() {
    Clock horizon = machine.scheduler.horizon();
    for (List<Touch> known : touches.values()) {
      known.removeIf(old -> old.operation().before(horizon));
    }
  }

  private void report(Allocation allocation, Touch old, Touch touch) {
    machine.findings.add(
        Finding.Kind.UNORDERED_ACCESS,
        String.format(
            "nothing orders these operations on %s: %s, which %s it, and %s, which %s it",
            allocation,
            old.operation(),
            old.access() == Access.READ ? "reads" : "writes",
            touch.operation(),
            touch.access() == Access.READ ? "reads" : "writes"));
  }

  void forget(Allocation allocation) {
    touches.remove(allocation);
  }
}
