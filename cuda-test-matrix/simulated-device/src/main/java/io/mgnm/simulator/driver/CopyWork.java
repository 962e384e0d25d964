package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Copies {@code height} rows of {@code width} bytes between host and device memory. */
final class CopyWork extends Work {
  /**
   * One end of a copy.
   *
   * @param device null for host memory
   * @param address of the first row
   * @param pitch bytes from row to row
   */
  record Place(GpuDevice device, long address, long pitch) {}

  private final Place source;
  private final Place destination;
  private final long width;
  private final long height;

  /** What the host memory held at the call, where the copy is from pageable memory. */
  private final byte[] staged;

  CopyWork(Place source, Place destination, long width, long height) {
    this(source, destination, width, height, null);
  }

  private CopyWork(Place source, Place destination, long width, long height, byte[] staged) {
    this.source = source;
    this.destination = destination;
    this.width = width;
    this.height = height;
    this.staged = staged;
  }

  /** The same copy, with the host memory that it reads taken now. */
  CopyWork stage() {
    byte[] bytes = new byte[Math.toIntExact(width * height)];
    for (long row = 0; row < height; row++) {
      MemorySegment from = hostRow(source, row);
      MemorySegment.copy(from, 0, MemorySegment.ofArray(bytes), row * width, width);
    }
    return new CopyWork(source, destination, width, height, bytes);
  }

  @Override
  int nodeType() {
    return 1;
  }

  @Override
  String describe() {
    return String.format(
        "copy of %d bytes from %s 0x%x to %s 0x%x",
        width * height,
        source.device() == null ? "host" : "device",
        source.address(),
        destination.device() == null ? "host" : "device",
        destination.address());
  }

  @Override
  List<MemoryRange> ranges() {
    List<MemoryRange> ranges = new ArrayList<>();
    if (source.device() != null) {
      ranges.addAll(Rows.of(source.address(), source.pitch(), width, height, Access.READ));
    }
    if (destination.device() != null) {
      Place to = destination;
      ranges.addAll(Rows.of(to.address(), to.pitch(), width, height, Access.WRITE));
    }
    return ranges;
  }

  @Override
  List<HostRange> hostRanges() {
    List<HostRange> ranges = new ArrayList<>();
    if (source.device() == null && staged == null) {
      addRows(ranges, source, Access.READ);
    }
    if (destination.device() == null) {
      addRows(ranges, destination, Access.WRITE);
    }
    return ranges;
  }

  private void addRows(List<HostRange> ranges, Place place, Access access) {
    for (MemoryRange row : Rows.of(place.address(), place.pitch(), width, height, access)) {
      ranges.add(new HostRange(row.address(), row.bytes(), access));
    }
  }

  private MemorySegment hostRow(Place place, long row) {
    return MemorySegment.ofAddress(place.address() + row * place.pitch()).reinterpret(width);
  }

  @Override
  boolean looksDone() {
    return staged != null;
  }

  @Override
  void run(Operation operation) {
    for (long row = 0; row < height; row++) {
      long from = source.address() + row * source.pitch();
      long to = destination.address() + row * destination.pitch();
      if (source.device() == null) {
        MemorySegment bytes =
            staged == null
                ? hostRow(source, row)
                : MemorySegment.ofArray(staged).asSlice(row * width, width);
        if (destination.device() == null) {
          MemorySegment.copy(bytes, 0, hostRow(destination, row), 0, width);
        } else {
          destination.device().memory.write(to, bytes);
        }
      } else if (destination.device() == null) {
        DeviceMemory memory = source.device().memory;
        operation.context.machine.checkWritten(operation, memory, MemoryRange.read(from, width));
        source.device().memory.read(from, hostRow(destination, row));
      } else if (source.device() == destination.device()) {
        source.device().memory.copy(to, from, width);
      } else {
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(width)]);
        source.device().memory.read(from, bytes);
        destination.device().memory.write(to, bytes);
      }
    }
  }

  @Override
  long nanoseconds() {
    return 2_000 + width * height / 20;
  }
}
