package io.mgnm.simulator.machine;

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

  /** All 32 lanes take part, lane i at {@code at[0] + i * bytes}. */
  public boolean contiguous;

  /** Addresses from 64-bit registers. */
  public void fromLongs(long[] q, int base, long plus, int lanes, int size) {
    if (lanes == -1) {
      long first = q[base];
      long different = 0;
      for (int i = 0; i < Warp.LANES; i++) {
        different |= q[base + i] ^ first;
      }
      if (different == 0) {
        fromConstant(first + plus, lanes, size);
        return;
      }
    }
    for (int i = 0; i < Warp.LANES; i++) {
      at[i] = q[base + i] + plus;
    }
    finish(lanes, size);
  }

  /** Addresses from 32-bit registers, zero-extended. */
  public void fromWords(int[] r, int base, long plus, int lanes, int size) {
    if (lanes == -1) {
      int first = r[base];
      int different = 0;
      for (int i = 0; i < Warp.LANES; i++) {
        different |= r[base + i] ^ first;
      }
      if (different == 0) {
        fromConstant((first & 0xffffffffL) + plus, lanes, size);
        return;
      }
    }
    for (int i = 0; i < Warp.LANES; i++) {
      at[i] = (r[base + i] & 0xffffffffL) + plus;
    }
    finish(lanes, size);
  }

  /** One address for all lanes. */
  public void fromConstant(long address, int lanes, int size) {
    for (int i = 0; i < Warp.LANES; i++) {
      at[i] = address;
    }
    mask = lanes;
    bytes = size;
    min = address;
    max = address;
    bits = address;
    uniform = true;
    contiguous = false;
  }

  /** Restricts the access to fewer lanes, and moves it into another space. */
  public void restrict(AddressLanes from, int lanes, long minus) {
    for (int i = 0; i < Warp.LANES; i++) {
      at[i] = from.at[i] - minus;
    }
    finish(lanes, from.bytes);
  }

  private void finish(int lanes, int size) {
    mask = lanes;
    bytes = size;
    long first = at[Integer.numberOfTrailingZeros(lanes)];
    if (lanes != -1) {
      for (int i = 0; i < Warp.LANES; i++) {
        at[i] = (lanes >>> i & 1) != 0 ? at[i] : first;
      }
    }
    long or = 0;
    long step = 0;
    long expected = first;
    for (int i = 0; i < Warp.LANES; i++) {
      or |= at[i];
      step |= at[i] ^ expected;
      expected += size;
    }
    bits = or;
    contiguous = step == 0 && lanes == -1;
    if (contiguous) {
      min = first;
      max = expected - size;
      uniform = false;
      return;
    }
    long low = first;
    long high = first;
    for (int i = 0; i < Warp.LANES; i++) {
      low = Math.min(low, at[i]);
      high = Math.max(high, at[i]);
    }
    min = low;
    max = high;
    uniform = low == high;
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
