package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.DeviceMemory;
import io.mgnm.simulator.memory.DeviceMemoryException;
import io.mgnm.simulator.memory.Hold;
import io.mgnm.simulator.natives.Out;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Device memory: allocation at once and in the order of a stream, and what a pointer is. */
final class MemoryCalls {
  private static final long PITCH_ALIGNMENT = 512;
  private static final int DEVICE_MEMORY_TYPE = 2;
  private static final int HOST_MEMORY_TYPE = 1;

  private final Machine machine;

  MemoryCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuMemAlloc_v2(MemorySegment address, long bytes) {
    Context context = machine.context();
    machine.forbiddenWhileCapturing();
    putLong(address, allocate(context, bytes).address);
    return 0;
  }

  public int cuMemAllocPitch_v2(
      MemorySegment address, MemorySegment pitch, long width, long height, int elementBytes) {
    Context context = machine.context();
    machine.forbiddenWhileCapturing();
    machine.require(
        elementBytes == 4 || elementBytes == 8 || elementBytes == 16,
        CUDA_ERROR_INVALID_VALUE,
        "element size " + elementBytes);
    long row = (width + PITCH_ALIGNMENT - 1) / PITCH_ALIGNMENT * PITCH_ALIGNMENT;
    putLong(address, allocate(context, Math.multiplyExact(row, height)).address);
    putLong(pitch, row);
    return 0;
  }

  private DeviceBlock allocate(Context context, long bytes) {
    machine.require(bytes > 0, CUDA_ERROR_INVALID_VALUE, bytes + " bytes");
    try {
      String label = "memory of " + machine.callUnderWay();
      long address = context.device.memory.allocate(bytes, label);
      DeviceBlock block = new DeviceBlock(address, bytes, context);
      context.device.blocks.put(address, block);
      return block;
    } catch (DeviceMemoryException e) {
      throw new ApiException(CudaResult.CUDA_ERROR_OUT_OF_MEMORY, e.getMessage());
    }
  }

  /**
   * Frees at once. A real driver waits for pending work first, though it does not promise to; here
   * it does so too, but memory that pending work needs is a finding.
   */
  public int cuMemFree_v2(long address) {
    Context context = machine.context();
    if (address == 0) {
      return 0;
    }
    machine.forbiddenWhileCapturing();
    DeviceBlock block = blockToFree(address);
    DeviceMemory memory = machine.deviceOf(address).memory;
    Optional<Hold> needed = memory.conflict(address, block.bytes, Access.WRITE);
    if (needed.isPresent()) {
      machine.findings.add(
          Finding.Kind.FREED_WHILE_PENDING,
          "cuMemFree of " + memory.find(address) + " before " + needed.get().reason());
    }
    context.synchronize();
    release(block);
    return 0;
  }

  private DeviceBlock blockToFree(long address) {
    GpuDevice device = machine.deviceOf(address);
    DeviceBlock block = device == null ? null : device.blocks.get(address);
    if (block != null && block.freed == null) {
      return block;
    }
    Allocation was = device == null ? null : device.memory.find(address);
    boolean freed = was != null && (!was.live() || block != null);
    String what =
        freed
            ? was + " is freed twice"
            : String.format("free of 0x%x, which is no start of an allocation", address);
    machine.findings.add(freed ? Finding.Kind.USE_AFTER_FREE : Finding.Kind.MISUSE, what);
    throw new ApiException(CUDA_ERROR_INVALID_VALUE, what);
  }

  private void release(DeviceBlock block) {
    GpuDevice device = machine.deviceOf(block.address);
    Allocation allocation = device.memory.find(block.address);
    device.blocks.remove(block.address);
    device.history.forget(allocation);
    device.memory.free(block.address);
  }

  public int cuMemAllocAsync(MemorySegment address, long bytes, long stream) {
    Stream in = machine.stream(stream);
    refuseCapture(in, "allocation");
    DeviceBlock block = allocate(in.context, bytes);
    block.allocated = in.context.enqueue(in, new EmptyWork("allocation of " + bytes + " bytes"));
    putLong(address, block.address);
    return 0;
  }

  public int cuMemFreeAsync(long address, long stream) {
    Stream in = machine.stream(stream);
    if (address == 0) {
      return 0;
    }
    refuseCapture(in, "free");
    DeviceBlock block = blockToFree(address);
    FreeWork work = new FreeWork(block);
    for (Operation pending : machine.scheduler.pendingOf(in.context)) {
      reportIfUnordered(in, pending, block);
    }
    block.freed = in.context.enqueue(in, work);
    return 0;
  }

  /** Pending work elsewhere that needs the memory must come before the free by an event. */
  private void reportIfUnordered(Stream in, Operation pending, DeviceBlock block) {
    boolean touches =
        pending.work.ranges().stream()
            .anyMatch(
                r ->
                    r.address() < block.address + block.bytes
                        && block.address < r.address() + r.bytes());
    if (touches && (in.last == null || !pending.before(in.last)) && pending != in.last) {
      machine.findings.add(
          Finding.Kind.FREED_WHILE_PENDING,
          "cuMemFreeAsync is not ordered after " + pending + ", which needs the memory");
    }
  }

  private void refuseCapture(Stream stream, String what) {
    if (stream.capture != null) {
      machine.findings.add(
          Finding.Kind.UNSUPPORTED, "a captured stream-ordered " + what + " of memory");
      stream.capture.invalidate("a stream-ordered " + what);
      throw new ApiException(
          CudaResult.CUDA_ERROR_NOT_SUPPORTED, "graphs with memory nodes are not simulated");
    }
  }

  /** A stream-ordered free when its turn comes. */
  private final class FreeWork extends Work {
    private final DeviceBlock block;

    FreeWork(DeviceBlock block) {
      this.block = block;
    }

    @Override
    int nodeType() {
      return 11;
    }

    @Override
    String describe() {
      return String.format("free of %d bytes at 0x%x", block.bytes, block.address);
    }

    @Override
    List<MemoryRange> ranges() {
      return List.of(MemoryRange.write(block.address, block.bytes));
    }

    /** Work that was not ordered before the free has been reported, and will fault. */
    @Override
    void run(Operation operation) {
      DeviceMemory memory = machine.deviceOf(block.address).memory;
      Optional<Hold> needed = memory.conflict(block.address, block.bytes, Access.WRITE);
      while (needed.isPresent()) {
        needed.get().release();
        needed = memory.conflict(block.address, block.bytes, Access.WRITE);
      }
      release(block);
    }
  }

  public int cuMemGetInfo_v2(MemorySegment free, MemorySegment total) {
    DeviceMemory memory = machine.context().device.memory;
    putLong(free, memory.capacity() - memory.used());
    putLong(total, memory.capacity());
    return 0;
  }

  public int cuMemGetAddressRange_v2(MemorySegment base, MemorySegment bytes, long address) {
    machine.context();
    Allocation allocation = live(address);
    machine.require(
        allocation != null,
        CudaResult.CUDA_ERROR_NOT_FOUND,
        String.format("0x%x is in no allocation", address));
    Out.putLongIfAsked(base, allocation.base());
    Out.putLongIfAsked(bytes, allocation.size());
    return 0;
  }

  private Allocation live(long address) {
    GpuDevice device = machine.deviceOf(address);
    Allocation allocation = device == null ? null : device.memory.find(address);
    return allocation != null && allocation.live() ? allocation : null;
  }

  public int cuPointerGetAttribute(MemorySegment value, int attribute, long address) {
    machine.context();
    Allocation allocation = live(address);
    HostMemory.Pinned pinned = machine.hostMemory.find(address);
    machine.require(
        allocation != null || pinned != null,
        CUDA_ERROR_INVALID_VALUE,
        String.format("0x%x is no pointer that CUDA knows", address));
    boolean host = allocation == null;
    switch (attribute) {
      case 1 -> putLong(value, host ? pinned.context().handle : contextOf(allocation));
      case 2 -> putInt(value, host ? HOST_MEMORY_TYPE : DEVICE_MEMORY_TYPE);
      case 3 -> putLong(value, host ? 0 : address);
      case 4 -> {
        machine.require(host, CUDA_ERROR_INVALID_VALUE, "device memory has no host pointer");
        putLong(value, address);
      }
      case 8 -> putInt(value, 0);
      case 9 ->
          putInt(value, host ? pinned.context().device.ordinal : machine.deviceOf(address).ordinal);
      case 11 -> putLong(value, host ? pinned.address() : allocation.base());
      case 12 -> putLong(value, host ? pinned.bytes() : allocation.size());
      case 13 -> putInt(value, 1);
      default ->
          throw new ApiException(
              CudaResult.CUDA_ERROR_NOT_SUPPORTED, "pointer attribute " + attribute);
    }
    return 0;
  }

  private long contextOf(Allocation allocation) {
    DeviceBlock block = machine.deviceOf(allocation.base()).blocks.get(allocation.base());
    return block == null ? machine.currentContext() : block.context.handle;
  }
}
