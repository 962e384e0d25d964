package io.mgnm.simulator.machine;

import java.util.Arrays;

/**
 * The addresses of one memory instruction. Lanes that take no part get the address of the first
 * lane that does, so that loops over all 32 lanes see nothing new.
 */
public final class AddressLanes {
  public final long[] at = new long[Warp.LANES];
  public int mask;

  /** Bytes of one lane's access. */
  public int bytes;

  public long min;
  public long max;
  private long bits;

  /** All lanes at one address. */
  public boolean uniform;

  /**
   * The lanes that take part are neighbours, {@link #first} to {@link #end}, and each one's access
   * begins where the one before it ends.
   */
  public boolean contiguous;

  /** The first lane that takes part. */
  public int first;

  /** One more than the last lane that takes part. */
  public int end;

  /** Addresses from 64-bit registers. */
  public void fromLongs(long[] q, int base, long plus, int lanes, int size) {
    begin(lanes, size);
    if (lanes == -1 && Lanes.uniform(q, base)) {
      one(q[base] + plus);
      return;
    }
    for (int i = 0; i < Warp.LANES; i++) {
      at[i] = q[base + i] + plus;
    }
    finish();
  }

  /** Addresses from 32-bit registers, zero-extended. */
  public void fromWords(int[] r, int base, long plus, int lanes, int size) {
    begin(lanes, size);
    if (lanes == -1 && Lanes.uniform(r, base)) {
      one((r[base] & 0xffffffffL) + plus);
      return;
    }
    for (int i = 0; i < Warp.LANES; i++) {
      at[i] = (r[base + i] & 0xffffffffL) + plus;
    }
    finish();
  }

  /** One address for all lanes. */
  public void fromConstant(long address, int lanes, int size) {
    begin(lanes, size);
    one(address);
  }

  /** Restricts the access to fewer lanes, and moves it into another space. */
  public void restrict(AddressLanes from, int lanes, long minus) {
    begin(lanes, from.bytes);
    for (int i = 0; i < Warp.LANES; i++) {
      at[i] = from.at[i] - minus;
    }
    finish();
  }

  private void begin(int lanes, int size) {
    mask = lanes;
    bytes = size;
    first = Integer.numberOfTrailingZeros(lanes);
    end = Warp.LANES - Integer.numberOfLeadingZeros(lanes);
  }

  private void one(long address) {
    Arrays.fill(at, address);
    min = address;
    max = address;
    bits = address;
    uniform = true;
    contiguous = false;
  }

  private void finish() {
    long[] a = at;
    long start = a[first];
    if (end - first == 1) {
      one(start);
      return;
    }
    int run = mask >>> first;
    if ((run & run + 1) == 0 && a[end - 1] - start == (long) (end - 1 - first) * bytes) {
      long apart = 0;
      for (int i = first + 1; i < end; i++) {
        apart |= a[i] - a[i - 1] ^ bytes;
      }
      if (apart == 0) {
        others(start);
        contiguous = true;
        uniform = false;
        min = start;
        max = a[end - 1];
        // The size is a power of two: all are aligned where the first is.
        bits = start;
        return;
      }
    }
    contiguous = false;
    if (mask != -1) {
      for (int i = 0; i < Warp.LANES; i++) {
        a[i] = (mask >>> i & 1) != 0 ? a[i] : start;
      }
    }
    long or = 0;
    long low = start;
    long high = start;
    for (int i = 0; i < Warp.LANES; i++) {
      or |= a[i];
      low = Math.min(low, a[i]);
      high = Math.max(high, a[i]);
    }
    bits = or;
    min = low;
    max = high;
    uniform = low == high;
  }

  /** Lanes outside the run that takes part. */
  private void others(long address) {
    if (mask != -1) {
      Arrays.fill(at, 0, first, address);
      Arrays.fill(at, end, Warp.LANES, address);
    }
  }

  public boolean misaligned() {
    return (bits & (bytes - 1)) != 0;
  }

  /** The first lane that takes part and whose address is misaligned. */
  int misalignedLane() {
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      if ((at[lane] & (bytes - 1)) != 0) {
        return lane;
      }
    }
    throw new AssertionError();
  }
}
