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

  DeviceBuffer(MemoryScope scope, CUdeviceptr pointer, ElementType type, long count, String label) {
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
    CUdeviceptr part = pointer.withByteOffset(Math.multiplyExact(first, (long) type.bytes()));
    return new DeviceBuffer(scope, part, type, elements, label + "[" + first + "..]");
  }

  CUdeviceptr pointer() {
    return pointer;
  }

  @Override
  public String toString() {
    return "%s (%d %s)".formatted(label, count, type);
  }
}
