package io.mgnm.simulator.driver;

import io.mgnm.simulator.natives.Out;
import io.mgnm.simulator.ptx.Variable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code CUDA_KERNEL_NODE_PARAMS}: function, grid, block, shared bytes, pointers to the arguments,
 * extra, kernel, context. The pointers handed out stay valid as long as the machine knows the node.
 */
final class KernelNodeParameters {
  private static final int FIRST_DIMENSION = 2; // in 4-byte words
  private static final int SHARED = 8;
  private static final int POINTERS = 5; // in 8-byte words
  private static final int EXTRA = 6;

  private final KernelWork work;
  private final MemorySegment pointers;

  KernelNodeParameters(KernelWork work) {
    this.work = work;
    Arena arena = Arena.ofAuto();
    int count = work.function.ptx().parameters().size();
    pointers = arena.allocate(Math.max(1, count) * 8L, 8);
    MemorySegment values = arena.allocate(Math.max(1, work.parameters.length), 16);
    MemorySegment.copy(
        work.parameters, 0, values, ValueLayout.JAVA_BYTE, 0, work.parameters.length);
    int index = 0;
    for (Variable parameter : work.function.ptx().parameters()) {
      long address = values.address() + parameter.offset();
      pointers.setAtIndex(ValueLayout.JAVA_LONG, index++, address);
    }
  }

  static KernelWork read(Machine machine, MemorySegment from) {
    FunctionObject function = machine.handles.get(Out.getLong(from, 0), FunctionObject.class);
    int[] grid = new int[3];
    int[] block = new int[3];
    for (int k = 0; k < 3; k++) {
      grid[k] = Out.getInt(from, FIRST_DIMENSION + k);
      block[k] = Out.getInt(from, FIRST_DIMENSION + 3 + k);
    }
    return new KernelWork(
        function,
        grid,
        block,
        Out.getInt(from, SHARED),
        LaunchCalls.parameters(function, pointer(from, POINTERS), pointer(from, EXTRA)));
  }

  private static MemorySegment pointer(MemorySegment from, int word) {
    return MemorySegment.ofAddress(Out.getLong(from, word)).reinterpret(Long.MAX_VALUE);
  }

  void write(Machine machine, MemorySegment to) {
    Out.putLong(to, machine.handles.handleOf(work.function));
    for (int k = 0; k < 3; k++) {
      Out.putInt(to.asSlice(4L * (FIRST_DIMENSION + k)), work.grid[k]);
      Out.putInt(to.asSlice(4L * (FIRST_DIMENSION + 3 + k)), work.block[k]);
    }
    Out.putInt(to.asSlice(4L * SHARED), work.dynamicShared);
    Out.putLong(to.asSlice(8L * POINTERS), pointers.address());
    for (int word = EXTRA; word < EXTRA + 3; word++) {
      Out.putLong(to.asSlice(8L * word), 0);
    }
  }
}
