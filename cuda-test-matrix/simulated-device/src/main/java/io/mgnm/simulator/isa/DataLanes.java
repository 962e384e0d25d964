package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;
import java.util.Arrays;
import java.util.List;

/** The registers of a load or store, and the moves between them and memory words. */
final class DataLanes {
  /** Bytes of one element, and of all. */
  final int elementBytes;

  final int bytes;
  private final Type type;
  private final int[] places;
  private final boolean[] wide;
  private final int[] keep;
  private final boolean anyWide;

  DataLanes(Decoding d, Type type, List<Operand> elements, boolean load) {
    this.type = type;
    elementBytes = type.bytes();
    bytes = elementBytes * elements.size();
    places = new int[elements.size()];
    wide = new boolean[places.length];
    keep = new int[places.length];
    boolean any = false;
    for (int i = 0; i < places.length; i++) {
      Operand operand = elements.get(i);
      int registerBytes = d.registerBytes(operand, elementBytes);
      wide[i] = registerBytes == 8;
      keep[i] = registerBytes == 2 ? 0xffff : -1;
      places[i] = wide[i] ? d.wide(operand, type) : d.word(operand, type);
      if (registerBytes < elementBytes) {
        throw d.error("a register smaller than the access");
      }
      any |= wide[i];
    }
    anyWide = any;
  }

  int count() {
    return places.length;
  }

  /** From words that begin at address {@code base}; lanes share them. */
  void load(Warp warp, int[] words, long base, AddressLanes lanes) {
    for (int k = 0; k < places.length; k++) {
      long from = base - (long) k * elementBytes;
      if (elementBytes == 4 && !wide[k]) {
        loadWords(warp.r, places[k], words, from, lanes);
      } else if (elementBytes == 8) {
        loadLongs(warp.q, places[k], words, from, lanes);
      } else {
        for (int m = lanes.mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          long a = lanes.at[i] - from;
          put(warp, k, i, words[(int) (a >>> 2)] >>> ((a & 3) * 8));
        }
      }
    }
  }

  /** A raw value of 1, 2 or 4 bytes into the register, extended as the type says. */
  void put(Warp warp, int k, int lane, int raw) {
    long value = ConvertFamily.integer(raw & 0xffffffffL, integerType());
    if (wide[k]) {
      warp.q[places[k] + lane] = value;
    } else {
      warp.r[places[k] + lane] = (int) value & keep[k];
    }
  }

  void putLong(Warp warp, int k, int lane, long value) {
    warp.q[places[k] + lane] = value;
  }

  /** One raw value into the registers of these lanes. */
  void putAll(Warp warp, int k, int lanes, long raw) {
    long value = elementBytes == 8 ? raw : ConvertFamily.integer(raw & 0xffffffffL, integerType());
    for (int m = lanes; m != 0; m &= m - 1) {
      int i = places[k] + Integer.numberOfTrailingZeros(m);
      if (wide[k]) {
        warp.q[i] = value;
      } else {
        warp.r[i] = (int) value & keep[k];
      }
    }
  }

  private Type integerType() {
    return type.floating() ? elementBytes == 2 ? Type.U16 : Type.U32 : type;
  }

  private static void loadWords(int[] r, int out, int[] words, long base, AddressLanes lanes) {
    long[] at = lanes.at;
    if (lanes.contiguous) {
      int from = (int) ((at[lanes.first] - base) >>> 2);
      int step = lanes.bytes >>> 2;
      if (step == 1) {
        System.arraycopy(words, from, r, out + lanes.first, lanes.end - lanes.first);
      } else {
        for (int i = lanes.first; i < lanes.end; i++, from += step) {
          r[out + i] = words[from];
        }
      }
      return;
    }
    if (lanes.mask == -1) {
      if (lanes.uniform) {
        Arrays.fill(r, out, out + Warp.LANES, words[(int) ((at[0] - base) >>> 2)]);
      } else {
        for (int i = 0; i < Warp.LANES; i++) {
          r[out + i] = words[(int) ((at[i] - base) >>> 2)];
        }
      }
      return;
    }
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      r[out + i] = words[(int) ((at[i] - base) >>> 2)];
    }
  }

  private static void loadLongs(long[] q, int out, int[] words, long base, AddressLanes lanes) {
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      int w = (int) ((lanes.at[i] - base) >>> 2);
      q[out + i] = (long) words[w + 1] << 32 | (words[w] & 0xffffffffL);
    }
  }

  /** The raw value of an element of at most 4 bytes. */
  int get(Warp warp, int k, int lane) {
    return wide[k] ? (int) warp.q[places[k] + lane] : warp.r[places[k] + lane];
  }

  long getLong(Warp warp, int k, int lane) {
    return warp.q[places[k] + lane];
  }

  /** One lane's elements into words that begin at {@code base}. */
  void store(Warp warp, int[] words, long base, AddressLanes lanes, int lane) {
    long a = lanes.at[lane] - base;
    for (int k = 0; k < places.length; k++, a += elementBytes) {
      int w = (int) (a >>> 2);
      if (elementBytes == 4) {
        words[w] = get(warp, k, lane);
      } else if (elementBytes == 8) {
        long value = getLong(warp, k, lane);
        words[w] = (int) value;
        words[w + 1] = (int) (value >>> 32);
      } else {
        int shift = (int) (a & 3) * 8;
        int mask = ((1 << (elementBytes * 8)) - 1) << shift;
        words[w] = (words[w] & ~mask) | (get(warp, k, lane) << shift & mask);
      }
    }
  }

  /** Whether memory holds already what {@link #store} would put there. */
  boolean unchanged(Warp warp, int[] words, AddressLanes lanes, int lane) {
    long a = lanes.at[lane];
    for (int k = 0; k < places.length; k++, a += elementBytes) {
      int w = (int) (a >>> 2);
      boolean same;
      if (elementBytes == 8) {
        long value = getLong(warp, k, lane);
        same = words[w] == (int) value && words[w + 1] == (int) (value >>> 32);
      } else {
        int shift = (int) (a & 3) * 8;
        int mask = elementBytes == 4 ? -1 : ((1 << (elementBytes * 8)) - 1) << shift;
        same = (words[w] & mask) == (get(warp, k, lane) << shift & mask);
      }
      if (!same) {
        return false;
      }
    }
    return true;
  }

  /** All lanes' elements; where addresses collide the last lane in order wins. */
  void storeAll(Warp warp, int[] words, long base, AddressLanes lanes) {
    if (elementBytes == 4 && lanes.contiguous && !anyWide) {
      storeRun(warp.r, words, (int) ((lanes.at[lanes.first] - base) >>> 2), lanes);
      return;
    }
    if (warp.processor.turns.descending()) {
      for (int m = lanes.mask; m != 0; ) {
        int i = 31 - Integer.numberOfLeadingZeros(m);
        m &= ~(1 << i);
        store(warp, words, base, lanes, i);
      }
      return;
    }
    for (int m = lanes.mask; m != 0; m &= m - 1) {
      store(warp, words, base, lanes, Integer.numberOfTrailingZeros(m));
    }
  }

  /** Words of lanes whose accesses follow one another: no two meet, so the order is all one. */
  private void storeRun(int[] r, int[] words, int to, AddressLanes lanes) {
    int step = places.length;
    if (step == 1) {
      System.arraycopy(r, places[0] + lanes.first, words, to, lanes.end - lanes.first);
      return;
    }
    for (int k = 0; k < step; k++) {
      int w = to + k;
      int from = places[k];
      for (int i = lanes.first; i < lanes.end; i++, w += step) {
        words[w] = r[from + i];
      }
    }
  }
}
