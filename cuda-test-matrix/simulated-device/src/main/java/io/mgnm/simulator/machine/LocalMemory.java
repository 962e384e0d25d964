package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.exec.Finding;
import java.util.Arrays;

/** Local memory of a warp's threads, and the parameter areas of their calls, lane fastest. */
public final class LocalMemory {
  private final int bytes;
  private final int[] words;
  private final byte[] written;

  LocalMemory(int bytes) {
    this.bytes = bytes;
    words = new int[(bytes + 3) / 4 * Warp.LANES];
    written = new byte[words.length];
  }

  void reset() {
    Arrays.fill(written, (byte) 0);
  }

  /** Bounds and alignment; a violation ends the launch. */
  public void bounds(Warp warp, Instruction at, AddressLanes lanes) {
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      long a = lanes.at[lane];
      if (a < 0 || a > bytes - lanes.bytes) {
        throw warp.fault(
            DeviceFault.Kind.OUT_OF_BOUNDS_LOCAL,
            at,
            lane,
            a,
            String.format(
                "%d bytes at offset %d of %d bytes of local memory", lanes.bytes, a, bytes));
      }
    }
    if (lanes.misaligned()) {
      throw warp.misaligned(at, lanes);
    }
  }

  /** Reports bytes that were never written. */
  public void checkRead(Warp warp, Instruction at, AddressLanes lanes) {
    if (!warp.processor.checkUninitialised) {
      return;
    }
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      for (long b = lanes.at[lane]; b < lanes.at[lane] + lanes.bytes; b++) {
        if ((written[(int) (b >>> 2) * Warp.LANES + lane] >>> (b & 3) & 1) == 0) {
          long address = b;
          warp.finding(
              Finding.Kind.UNINITIALISED_LOCAL,
              at,
              lane,
              b,
              () -> "offset " + address + " of local memory is read and was never written");
          break;
        }
      }
    }
  }

  /** Reads 1, 2 or 4 bytes, zero-extended. */
  public int get(long address, int size, int lane) {
    int word = words[(int) (address >>> 2) * Warp.LANES + lane];
    return size == 4 ? word : word >>> ((address & 3) * 8) & (1 << (size * 8)) - 1;
  }

  /** Writes 1, 2 or 4 bytes. */
  public void put(long address, int size, int lane, int value) {
    int at = (int) (address >>> 2) * Warp.LANES + lane;
    int shift = (int) (address & 3) * 8;
    int mask = size == 4 ? -1 : ((1 << (size * 8)) - 1) << shift;
    words[at] = (words[at] & ~mask) | (value << shift & mask);
    written[at] |= (byte) (((1 << size) - 1) << (address & 3));
  }
}
