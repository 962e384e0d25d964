package io.mgnm.cuda;

import java.util.Objects;
import jcuda.driver.CUdeviceptr;

/** A typed piece of device memory, owned by its scope, or a part of one. */
public final class DeviceBuffer {
  private final MemoryScope scope;
  private final CUdeviceptr pointer;
  private final ElementType type;
  private final long count;
  private final String label;
  private final DeviceBuffer whole; // the piece that this is a part of, or itself
  private final long offset; // bytes from its start

  DeviceBuffer(MemoryScope scope, CUdeviceptr pointer, ElementType type, long count, String label) {
    this(scope, pointer, type, count, label, null, 0);
  }

  private DeviceBuffer(
      MemoryScope scope,
      CUdeviceptr pointer,
      ElementType type,
      long count,
      String label,
      DeviceBuffer whole,
      long offset) {
    this.whole = whole == null ? this : whole;
    this.offset = offset;
    this.scope = scope;
    this.pointer = pointer;
    this.type = type;
    this.count = count;
    this.label = label;
  }

  /** Its owner. */
  public MemoryScope scope() {
    return scope;
  }

  /** What it holds. */
  public ElementType type() {
    return type;
  }

  /** How many elements. */
  public long count() {
    return count;
  }

  /** Its size. */
  public long bytes() {
    return count * type.bytes();
  }

  /**
   * Elements {@code [first, first + elements)}, without a copy.
   *
   * @throws IndexOutOfBoundsException where the part does not lie inside this buffer
   */
  public DeviceBuffer slice(long first, long elements) {
    Objects.checkFromIndexSize(first, elements, count);
    long bytes = Math.multiplyExact(first, (long) type.bytes());
    CUdeviceptr part = pointer.withByteOffset(bytes);
    String name = label + "[" + first + "..]";
    return new DeviceBuffer(scope, part, type, elements, name, whole, offset + bytes);
  }

  /** Whether some byte is in both. */
  public boolean overlaps(DeviceBuffer other) {
    return whole == other.whole
        && offset < other.offset + other.bytes()
        && other.offset < offset + bytes();
  }

  CUdeviceptr pointer() {
    return pointer;
  }

  @Override
  public String toString() {
    return "%s (%d %s)".formatted(label, count, type);
  }
}
