package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;
import java.util.ArrayList;
import java.util.List;

/** The device ranges of a pitched rectangle. */
final class Rows {
  private Rows() {}

  static List<MemoryRange> of(long address, long pitch, long rowBytes, long height, Access access) {
    if (height == 1 || pitch == rowBytes) {
      return List.of(new MemoryRange(address, rowBytes * height, access));
    }
    List<MemoryRange> rows = new ArrayList<>();
    for (long row = 0; row < height; row++) {
      rows.add(new MemoryRange(address + row * pitch, rowBytes, access));
    }
    return rows;
  }
}
