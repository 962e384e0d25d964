package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.exec.Finding;
import java.util.Arrays;

/**
 * Shared memory of the block that runs, with what the race check needs for each granule: the last
 * write, and the last reads by two different warps. Two readers are enough to catch a missing
 * barrier or a missing warp-level one; a write that is ordered after both and not after a third
 * reader is missed.
 */
public final class SharedMemory {
  public int[] words = {};
  private byte[] written = {};
  private boolean[] pending = {};
  private long[] writer = {};
  private long[] reader = {};
  private long[] otherReader = {};
  private int size;
  private int shift = 2;
  private int pendingWords;

  /** Prepares for a block. Stamps of earlier blocks are older than any time to come. */
  void reset(int bytes, int granuleShift) {
    int count = (bytes + 3) / 4;
    if (words.length < count || shift != granuleShift) {
      words = new int[count];
      written = new byte[count];
      pending = new boolean[count];
      writer = new long[count << (2 - granuleShift)];
      reader = new long[writer.length];
      otherReader = new long[writer.length];
      shift = granuleShift;
    }
    Arrays.fill(written, 0, count, (byte) 0);
    if (pendingWords > 0) {
      Arrays.fill(pending, false);
      pendingWords = 0;
    }
    size = bytes;
  }

  int size() {
    return size;
  }

  /** Bounds and alignment; a violation ends the launch. */
  public void bounds(Warp warp, Instruction at, AddressLanes lanes) {
    if (lanes.min < 0 || lanes.max > size - lanes.bytes) {
      for (int m = lanes.mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        long a = lanes.at[lane];
        if (a < 0 || a > size - lanes.bytes) {
          throw warp.fault(
              DeviceFault.Kind.OUT_OF_BOUNDS_SHARED,
              at,
              lane,
              a,
              String.format(
                  "%d bytes at offset %d of %d bytes of shared memory", lanes.bytes, a, size));
        }
      }
    }
    if (lanes.misaligned()) {
      throw warp.misaligned(at, lanes);
    }
  }

  /** The checks of a read, after {@link #bounds}. */
  public void checkRead(Warp warp, Instruction at, AddressLanes lanes) {
    Processor processor = warp.processor;
    if (processor.checkUninitialised) {
      checkWritten(warp, at, lanes);
    }
    if (pendingWords > 0) {
      checkPending(warp, at, lanes, "read");
    }
    if (!processor.checkRaces) {
      return;
    }
    Block block = warp.block;
    long fence = Stamps.of(block.barrierTime, 0, 0);
    int granules = Math.max(1, lanes.bytes >> shift);
    if (lanes.uniform) {
      int lane =
          Integer.bitCount(lanes.mask) == 1
              ? Integer.numberOfTrailingZeros(lanes.mask)
              : Stamps.SEVERAL;
      int first = (int) (lanes.min >>> shift);
      for (int g = first; g < first + granules; g++) {
        if (writer[g] >= fence && !block.settled(warp, writer[g])) {
          conflicts(warp, at, lanes, g - first);
        }
        noteReader(g, Stamps.of(block.time, warp.index, lane), fence);
      }
      return;
    }
    if (lanes.contiguous && lanes.bytes >= 4) {
      checkReadRun(warp, at, lanes, fence, granules);
      return;
    }
    long newest = 0;
    for (int i = 0; i < Warp.LANES; i++) {
      int g = (int) (lanes.at[i] >>> shift);
      for (int k = 0; k < granules; k++) {
        newest = Math.max(newest, writer[g + k]);
      }
    }
    if (newest >= fence) {
      for (int k = 0; k < granules; k++) {
        conflicts(warp, at, lanes, k);
      }
    }
    long stamp = Stamps.of(block.time, warp.index, 0);
    if (lanes.mask == -1) {
      for (int i = 0; i < Warp.LANES; i++) {
        int g = (int) (lanes.at[i] >>> shift);
        for (int k = 0; k < granules; k++) {
          noteReader(g + k, stamp + i, fence);
        }
      }
    } else {
      for (int m = lanes.mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        int g = (int) (lanes.at[i] >>> shift);
        for (int k = 0; k < granules; k++) {
          noteReader(g + k, stamp + i, fence);
        }
      }
    }
  }

  private void checkReadRun(
      Warp warp, Instruction at, AddressLanes lanes, long fence, int granules) {
    int begin = (int) (lanes.min >>> shift);
    int finish = begin + (lanes.end - lanes.first) * granules;
    long newest = 0;
    for (int g = begin; g < finish; g++) {
      newest = Math.max(newest, writer[g]);
    }
    if (newest >= fence) {
      for (int k = 0; k < granules; k++) {
        conflicts(warp, at, lanes, k);
      }
    }
    long stamp = Stamps.of(warp.block.time, warp.index, lanes.first);
    for (int g = begin; g < finish; stamp++) {
      for (int k = 0; k < granules; k++, g++) {
        noteReader(g, stamp, fence);
      }
    }
  }

  private void noteReader(int granule, long stamp, long fence) {
    long last = reader[granule];
    if (last == stamp) {
      return;
    }
    if (last >= fence) {
      if (Stamps.warp(last) != Stamps.warp(stamp)) {
        otherReader[granule] = last;
      } else if (Stamps.time(last) == Stamps.time(stamp)
          && Stamps.lane(last) != Stamps.lane(stamp)) {
        stamp |= Stamps.SEVERAL;
      }
    }
    reader[granule] = stamp;
  }

  /** How a store puts one lane's value in place, and whether it is there already. */
  public interface LaneStore {
    boolean unchanged(Warp warp, AddressLanes lanes, int lane);

    void put(Warp warp, AddressLanes lanes, int lane);

    void putAll(Warp warp, AddressLanes lanes);
  }

  /** A store, after {@link #bounds}: its checks and the data. */
  public void store(Warp warp, Instruction at, AddressLanes lanes, LaneStore store) {
    if (pendingWords > 0) {
      checkPending(warp, at, lanes, "written");
    }
    if (warp.processor.checkRaces) {
      noteWrite(warp, at, lanes, store, 0);
    } else {
      store.putAll(warp, lanes);
    }
    markWritten(lanes);
  }

  /** An atomic operation: a race with plain accesses, not with other atomic ones. */
  public void checkAtomic(Warp warp, Instruction at, AddressLanes lanes) {
    if (warp.processor.checkUninitialised) {
      checkWritten(warp, at, lanes);
    }
    if (pendingWords > 0) {
      checkPending(warp, at, lanes, "changed");
    }
    if (warp.processor.checkRaces) {
      noteWrite(warp, at, lanes, null, Stamps.ATOMIC);
    }
  }

  /**
   * Stamps a write and stores its data lane by lane, so that a store finds what an earlier lane of
   * the same instruction put there. Writing the value that is there already is not a race.
   */
  private void noteWrite(
      Warp warp, Instruction at, AddressLanes lanes, LaneStore store, long atomic) {
    Block block = warp.block;
    long fence = Stamps.of(block.barrierTime, 0, 0);
    int granules = Math.max(1, lanes.bytes >> shift);
    long stamp = Stamps.of(block.time, warp.index, 0) | atomic;
    int suspects = suspects(lanes, granules, fence, stamp);
    boolean laneByLane = store != null && (suspects != 0 || !lanes.contiguous);
    if (suspects == 0 && lanes.contiguous) {
      int g = (int) (lanes.min >>> shift);
      for (int i = lanes.first; i < lanes.end; i++) {
        for (int k = 0; k < granules; k++) {
          writer[g++] = stamp + i;
        }
      }
      if (store != null) {
        store.putAll(warp, lanes);
      }
      return;
    }
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      int g = (int) (lanes.at[i] >>> shift);
      for (int k = 0; k < granules; k++) {
        // A stamp not older than this access: another lane of this very instruction.
        if (((suspects >>> i & 1) != 0 || writer[g + k] >= stamp)
            && (store == null || !store.unchanged(warp, lanes, i))) {
          checkOne(warp, at, i, g + k, atomic != 0);
        }
      }
      for (int k = 0; k < granules; k++) {
        writer[g + k] = stamp + i;
      }
      if (laneByLane) {
        store.put(warp, lanes, i);
      }
    }
    if (store != null && !laneByLane) {
      store.putAll(warp, lanes);
    }
  }

  /** Lanes about to write what another thread touched since the last block barrier. */
  private int suspects(AddressLanes lanes, int granules, long fence, long stamp) {
    int result = 0;
    if (lanes.contiguous) {
      int k = (int) (lanes.min >>> shift);
      for (int i = lanes.first; i < lanes.end; i++) {
        for (int end = k + granules; k < end; k++) {
          result |= touchedByOthers(k, fence, stamp + i) ? 1 << i : 0;
        }
      }
      return result;
    }
    for (int i = 0; i < Warp.LANES; i++) {
      int g = (int) (lanes.at[i] >>> shift);
      for (int k = g; k < g + granules; k++) {
        result |= touchedByOthers(k, fence, stamp + i) ? 1 << i : 0;
      }
    }
    return result & lanes.mask;
  }

  private boolean touchedByOthers(int granule, long fence, long stamp) {
    long w = writer[granule];
    long r = reader[granule];
    return (w >= fence && ((w ^ stamp) & Stamps.WHO) != 0)
        || (r >= fence && ((r ^ stamp) & Stamps.WHO) != 0)
        || otherReader[granule] >= fence;
  }

  private void checkOne(Warp warp, Instruction at, int lane, int granule, boolean atomic) {
    Block block = warp.block;
    long w = writer[granule];
    String now = atomic ? "changed" : "written";
    if (!(atomic && Stamps.atomic(w)) && !block.ordered(warp, lane, w)) {
      report(warp, at, lane, granule, w, "written", now);
    }
    if (!block.ordered(warp, lane, reader[granule])) {
      report(warp, at, lane, granule, reader[granule], "read", now);
    } else if (!block.ordered(warp, lane, otherReader[granule])) {
      report(warp, at, lane, granule, otherReader[granule], "read", now);
    }
  }

  private void conflicts(Warp warp, Instruction at, AddressLanes lanes, int plus) {
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      int g = (int) (lanes.at[i] >>> shift) + plus;
      if (!warp.block.settled(warp, writer[g]) && !warp.block.ordered(warp, i, writer[g])) {
        report(warp, at, i, g, writer[g], "written", "read");
      }
    }
  }

  private void report(
      Warp warp, Instruction at, int lane, int granule, long other, String before, String now) {
    long address = (long) granule << shift;
    warp.finding(
        Finding.Kind.SHARED_RACE,
        at,
        lane,
        address,
        () ->
            String.format(
                "offset %d of shared memory is %s here and was %s by %s with no barrier between",
                address, now, before, warp.block.describe(other)));
  }

  private void checkWritten(Warp warp, Instruction at, AddressLanes lanes) {
    if (lanes.bytes >= 4) {
      if (lanes.uniform || lanes.contiguous) {
        int first = (int) (lanes.min >>> 2);
        int end = (int) ((lanes.max + lanes.bytes) >>> 2);
        int full = 15;
        for (int w = first; w < end; w++) {
          full &= written[w];
        }
        if (full == 15) {
          return;
        }
      }
      int all = 15;
      int count = lanes.bytes >> 2;
      for (int i = 0; i < Warp.LANES; i++) {
        int w = (int) (lanes.at[i] >>> 2);
        for (int k = 0; k < count; k++) {
          all &= written[w + k];
        }
      }
      if (all == 15) {
        return;
      }
    }
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      for (long b = lanes.at[i]; b < lanes.at[i] + lanes.bytes; b++) {
        if ((written[(int) (b >>> 2)] >>> (b & 3) & 1) == 0) {
          long address = b;
          warp.finding(
              Finding.Kind.UNINITIALISED_SHARED,
              at,
              i,
              b,
              () -> "offset " + address + " of shared memory is read and was never written");
          break;
        }
      }
    }
  }

  private void markWritten(AddressLanes lanes) {
    if (lanes.contiguous && lanes.bytes >= 4) {
      int end = (int) ((lanes.max + lanes.bytes) >>> 2);
      Arrays.fill(written, (int) (lanes.min >>> 2), end, (byte) 15);
    } else if (lanes.bytes >= 4) {
      int count = lanes.bytes >> 2;
      for (int i = 0; i < Warp.LANES; i++) {
        int w = (int) (lanes.at[i] >>> 2);
        for (int k = 0; k < count; k++) {
          written[w + k] = 15;
        }
      }
    } else {
      int bits = lanes.bytes == 2 ? 3 : 1;
      for (int i = 0; i < Warp.LANES; i++) {
        long a = lanes.at[i];
        written[(int) (a >>> 2)] |= (byte) (bits << (a & 3));
      }
    }
  }

  private void checkPending(Warp warp, Instruction at, AddressLanes lanes, String how) {
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      for (long b = lanes.at[i]; b < lanes.at[i] + lanes.bytes; b += 4) {
        if (pending[(int) (b >>> 2)]) {
          long address = b;
          warp.finding(
              Finding.Kind.ASYNC_COPY_UNWAITED,
              at,
              i,
              b,
              () ->
                  String.format(
                      "offset %d of shared memory is %s while cp.async into it is not waited for",
                      address, how));
          break;
        }
      }
    }
  }

  /** Starts an asynchronous copy into these places. */
  public void beginAsync(Warp warp, Instruction at, AddressLanes lanes) {
    if (warp.processor.checkRaces) {
      noteWrite(warp, at, lanes, null, 0);
    }
    if (warp.processor.checkAsync) {
      if (pendingWords > 0) {
        checkPending(warp, at, lanes, "the target of another cp.async");
      }
      for (int m = lanes.mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        for (int w = 0; w < lanes.bytes / 4; w++) {
          int word = (int) (lanes.at[i] >>> 2) + w;
          pendingWords += pending[word] ? 0 : 1;
          pending[word] = true;
        }
      }
    }
  }

  /** One lane's asynchronous copy arrives. */
  void endAsync(Warp warp, int lane, long address, int[] data, int count) {
    int word = (int) (address >>> 2);
    for (int k = 0; k < count; k++) {
      words[word + k] = data[k];
      written[word + k] = 15;
      if (pending[word + k]) {
        pending[word + k] = false;
        pendingWords--;
      }
      for (int g = (word + k) << (2 - shift); g < (word + k + 1) << (2 - shift); g++) {
        writer[g] = Stamps.of(warp.block.time, warp.index, lane);
      }
    }
  }
}
