package io.mgnm.simulator.memory;

import java.util.function.Supplier;

/**
 * A range that a pending operation still needs. Until {@link #release}, freeing the allocation is
 * an error, and {@link DeviceMemory#conflict} finds the range.
 *
 * @param address first byte
 * @param bytes length of the range
 * @param access what the pending operation will do with it
 * @param reason the operation, for reports
 */
public record Hold(
    DeviceMemory memory, long address, long bytes, Access access, Supplier<String> reason) {

  /** The operation is done. Idempotent. */
  public void release() {
    memory.release(this);
  }

  boolean overlaps(long otherAddress, long otherBytes) {
    return address < otherAddress + otherBytes && otherAddress < address + bytes;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
