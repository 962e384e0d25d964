package io.mgnm.simulator.isa;

/**
 * Where generic addresses of the small spaces lie. Everything else is global memory, whose
 * allocations are above all of these.
 */
final class AddressWindows {
  static final long SHARED = 0x1000_0000_0000L;
  static final long LOCAL = 0x2000_0000_0000L;
  static final long PARAM = 0x3000_0000_0000L;
  private static final long SIZE = 1L << 32;

  private AddressWindows() {}

  /** Start of a space's window; 0 for global and constant memory. */
  static long base(String space) {
    return switch (space) {
      case "shared", "shared::cta" -> SHARED;
      case "local" -> LOCAL;
      case "param", "param::entry" -> PARAM;
      default -> 0;
    };
  }

  /** Start of the window that holds a generic address; 0 for global memory. */
  static long of(long address) {
    // A little below the window counts as in it: an index that runs under the array.
    long base = address + SIZE / 2 & -(1L << 44);
    return address - base < SIZE
            && address - base >= -SIZE / 2
            && (base == SHARED || base == LOCAL || base == PARAM)
        ? base
        : 0;
  }
}
