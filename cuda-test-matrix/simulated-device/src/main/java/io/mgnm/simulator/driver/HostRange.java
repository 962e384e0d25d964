package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;
import java.lang.foreign.MemorySegment;

/**
 * Host memory that an operation touches.
 *
 * @param address first byte
 * @param bytes length
 * @param access what the operation does there
 */
record HostRange(long address, long bytes, Access access) {
  boolean overlaps(long otherAddress, long otherBytes) {
    return address < otherAddress + otherBytes && otherAddress < address + bytes;
  }

  MemorySegment segment() {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }
}
