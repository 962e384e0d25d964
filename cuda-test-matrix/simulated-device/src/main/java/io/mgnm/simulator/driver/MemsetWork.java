package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;
import java.util.List;

/** Sets {@code height} rows of {@code width} elements. */
final class MemsetWork extends Work {
  private final long address;
  private final long pitch;
  private final int elementBytes;
  private final int value;
  private final long width;
  private final long height;

  MemsetWork(long address, long pitch, int elementBytes, int value, long width, long height) {
    this.address = address;
    this.pitch = pitch;
    this.elementBytes = elementBytes;
    this.value = value;
    this.width = width;
    this.height = height;
  }

  @Override
  int nodeType() {
    return 2;
  }

  @Override
  String describe() {
    return String.format(
        "memset of %d x %d elements of %d bytes at 0x%x", height, width, elementBytes, address);
  }

  @Override
  List<MemoryRange> ranges() {
    return Rows.of(address, pitch, width * elementBytes, height, Access.WRITE);
  }

  @Override
  void run(Operation operation) {
    for (long row = 0; row < height; row++) {
      operation.context.device.memory.fill(address + row * pitch, elementBytes, value, width);
    }
  }
}
