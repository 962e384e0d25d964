package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.memory.Allocation;

/** Reads what device runtime calls pass: strings in memory, argument areas of a thread. */
final class DeviceText {
  private DeviceText() {}

  /** A string of bytes up to its zero, at a generic address. */
  static String string(Warp warp, long address, int lane) {
    StringBuilder text = new StringBuilder();
    for (long a = address; text.length() < 4096; a++) {
      int b = (int) integer(warp, a, 1, lane);
      if (b == 0) {
        break;
      }
      text.append((char) b);
    }
    return text.toString();
  }

  /** An unsigned little-endian integer at a generic address; 0 where there is no memory. */
  static long integer(Warp warp, long address, int bytes, int lane) {
    long result = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      result = result << 8 | one(warp, address + i, lane);
    }
    return result;
  }

  private static int one(Warp warp, long address, int lane) {
    if (AddressWindows.of(address) == AddressWindows.LOCAL) {
      return warp.local.get(address - AddressWindows.LOCAL, 1, lane);
    }
    Allocation allocation = warp.processor.memory.find(address);
    if (allocation == null || !allocation.live()) {
      return 0;
    }
    long offset = address - allocation.base();
    return allocation.words()[(int) (offset >>> 2)] >>> ((offset & 3) * 8) & 0xff;
  }
}
