package io.mgnm.simulator.launch;

import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.exec.Order;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.DeviceMemory;
import io.mgnm.simulator.ptx.PtxModule;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A device with one module, for tests: arrays in, a launch, arrays out. */
final class Bench {
  final DeviceMemory memory = new DeviceMemory(1L << 30);
  final LoadedModule module;
  Order order = Order.ascending();
  Set<Check> checks = EnumSet.allOf(Check.class);
  int dynamicShared;

  Bench(String ptx, String capability) {
    module = LoadedModule.load(PtxModule.parse(ptx), memory, ComputeCapability.parse(capability));
  }

  static Bench cuda(String source, String capability) {
    return new Bench(Nvrtc.ptx("test.cu", source, "sm_" + capability.replace(".", "")), capability);
  }

  /** A device buffer with these values. */
  long floats(float... values) {
    long address = memory.allocate(4L * values.length, "floats");
    memory.write(address, MemorySegment.ofArray(values));
    return address;
  }

  long ints(int... values) {
    long address = memory.allocate(4L * values.length, "ints");
    memory.write(address, MemorySegment.ofArray(values));
    return address;
  }

  long longs(long... values) {
    long address = memory.allocate(8L * values.length, "longs");
    memory.write(address, MemorySegment.ofArray(values));
    return address;
  }

  long uninitialised(long bytes) {
    return memory.allocate(bytes, "uninitialised");
  }

  int[] readInts(long address, int count) {
    int[] result = new int[count];
    memory.read(address, MemorySegment.ofArray(result));
    return result;
  }

  long[] readLongs(long address, int count) {
    long[] result = new long[count];
    memory.read(address, MemorySegment.ofArray(result));
    return result;
  }

  float[] readFloats(long address, int count) {
    float[] result = new float[count];
    memory.read(address, MemorySegment.ofArray(result));
    return result;
  }

  /** Arguments: Long for pointers and 64 bits, Integer and Float for 32; byte[]. */
  Launch launch(String kernel, int grid, int block, Object... arguments) {
    Kernel k = module.kernel(kernel);
    ByteBuffer bytes =
        ByteBuffer.allocate(k.function().parameterBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < arguments.length; i++) {
      int offset = k.function().parameters().get(i).offset();
      switch (arguments[i]) {
        case Long v -> bytes.putLong(offset, v);
        case Integer v -> bytes.putInt(offset, v);
        case Float v -> bytes.putFloat(offset, v);
        case byte[] v -> bytes.put(offset, v);
        default -> throw new IllegalArgumentException("argument " + arguments[i]);
      }
    }
    return new Launch(k)
        .grid(grid, 1, 1)
        .block(block, 1, 1)
        .dynamicShared(dynamicShared)
        .order(order)
        .checks(checks)
        .parameters(bytes.array());
  }

  LaunchReport run(String kernel, int grid, int block, Object... arguments) {
    return launch(kernel, grid, block, arguments).run();
  }

  /**
   * From now on the kernel runs in the form that it would have after many launches.
   *
   * @return instructions that changed
   */
  int warm(String kernel) {
    return module.kernel(kernel).program.code().warmAll();
  }

  /** Frees a buffer and keeps its address. */
  void free(long address) {
    memory.free(address);
  }

  List<Allocation> live() {
    return new ArrayList<>(memory.live());
  }
}
