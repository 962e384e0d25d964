package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import java.lang.foreign.MemorySegment;

/** Pinned host memory. It is not mapped into the devices: kernels do not reach it. */
final class PinnedCalls {
  private static final int KNOWN_FLAGS = 15;

  private final Machine machine;

  PinnedCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuMemAllocHost_v2(MemorySegment pointer, long bytes) {
    return cuMemHostAlloc(pointer, bytes, 0);
  }

  public int cuMemHostAlloc(MemorySegment pointer, long bytes, int flags) {
    Context context = machine.context();
    machine.forbiddenWhileCapturing();
    machine.require(
        bytes > 0 && (flags & ~KNOWN_FLAGS) == 0,
        CUDA_ERROR_INVALID_VALUE,
        bytes + " bytes, flags " + flags);
    putLong(pointer, machine.hostMemory.allocate(bytes, flags, context));
    return 0;
  }

  public int cuMemFreeHost(long pointer) {
    Context context = machine.context();
    machine.forbiddenWhileCapturing();
    unpin(context, pointer, true);
    return 0;
  }

  public int cuMemHostRegister_v2(long pointer, long bytes, int flags) {
    Context context = machine.context();
    machine.require(
        pointer != 0 && bytes > 0 && (flags & ~KNOWN_FLAGS) == 0,
        CUDA_ERROR_INVALID_VALUE,
        bytes + " bytes, flags " + flags);
    machine.hostMemory.register(pointer, bytes, flags, context);
    return 0;
  }

  public int cuMemHostUnregister(long pointer) {
    unpin(machine.context(), pointer, false);
    return 0;
  }

  private void unpin(Context context, long pointer, boolean allocated) {
    HostMemory.Pinned range = machine.hostMemory.find(pointer);
    if (range == null || range.address() != pointer || (range.memory() != null) != allocated) {
      throw new ApiException(
          allocated ? CUDA_ERROR_INVALID_VALUE : CudaResult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
          String.format("0x%x is no such pinned memory", pointer));
    }
    Operation needed = machine.hostMemory.pending(range.address(), range.bytes());
    if (needed != null) {
      machine.findings.add(
          Finding.Kind.FREED_WHILE_PENDING, range + " is given back before " + needed);
      context.synchronize();
    }
    machine.hostMemory.unpin(range);
  }

  public int cuMemHostGetFlags(MemorySegment flags, long pointer) {
    machine.context();
    HostMemory.Pinned range = machine.hostMemory.find(pointer);
    machine.require(range != null, CUDA_ERROR_INVALID_VALUE, "not pinned memory");
    putInt(flags, range.flags());
    return 0;
  }
}
