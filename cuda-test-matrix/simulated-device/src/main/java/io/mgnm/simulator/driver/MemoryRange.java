package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;

/**
 * Device memory that an operation touches.
 *
 * @param address first byte
 * @param bytes length
 * @param access what it does there
 */
public record MemoryRange(long address, long bytes, Access access) {
  public static MemoryRange read(long address, long bytes) {
    return new MemoryRange(address, bytes, Access.READ);
  }

  public static MemoryRange write(long address, long bytes) {
    return new MemoryRange(address, bytes, Access.WRITE);
  }
}
