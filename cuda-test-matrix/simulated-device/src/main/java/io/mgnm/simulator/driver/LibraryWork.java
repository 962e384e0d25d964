package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.List;
import java.util.function.Consumer;

/** Work of a library on the device, such as a matrix product. */
final class LibraryWork extends Work {
  private final String name;
  private final List<MemoryRange> ranges;
  private final Consumer<DeviceMemory> body;

  LibraryWork(String name, List<MemoryRange> ranges, Consumer<DeviceMemory> body) {
    this.name = name;
    this.ranges = List.copyOf(ranges);
    this.body = body;
  }

  @Override
  int nodeType() {
    return 0;
  }

  @Override
  String describe() {
    return name;
  }

  @Override
  List<MemoryRange> ranges() {
    return ranges;
  }

  @Override
  void run(Operation operation) {
    DeviceMemory memory = operation.context.device.memory;
    for (MemoryRange range : ranges) {
      if (range.access() == Access.READ) {
        operation.context.machine.checkWritten(operation, memory, range);
      }
    }
    body.accept(memory);
  }
}
