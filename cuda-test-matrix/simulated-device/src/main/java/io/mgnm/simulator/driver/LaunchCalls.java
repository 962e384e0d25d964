package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.natives.Out;
import io.mgnm.simulator.ptx.Variable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Launches and occupancy. */
final class LaunchCalls {
  private static final long PARAM_END = 0;
  private static final long PARAM_BUFFER = 1;
  private static final long PARAM_BUFFER_SIZE = 2;

  private final Machine machine;

  LaunchCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuLaunchKernel(
      long function,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int blockY,
      int blockZ,
      int sharedBytes,
      long stream,
      MemorySegment parameters,
      MemorySegment extra) {
    Stream in = machine.stream(stream);
    FunctionObject launched = machine.handles.get(function, FunctionObject.class);
    machine.require(
        launched.module.context == in.context,
        CudaResult.CUDA_ERROR_INVALID_HANDLE,
        launched.kernel.name() + " belongs to another context");
    KernelWork work =
        new KernelWork(
            launched,
            new int[] {gridX, gridY, gridZ},
            new int[] {blockX, blockY, blockZ},
            sharedBytes,
            parameters(launched, parameters, extra));
    machine.trace().describe(work.describe());
    in.context.enqueue(in, work);
    return 0;
  }

  /** The parameter block from an array of pointers, or from the one buffer of {@code extra}. */
  static byte[] parameters(FunctionObject function, MemorySegment pointers, MemorySegment extra) {
    byte[] block = new byte[function.ptx().parameterBytes()];
    if (!Out.isNull(extra)) {
      buffer(function, extra, block);
      return block;
    }
    if (block.length > 0 && Out.isNull(pointers)) {
      throw new ApiException(
          CUDA_ERROR_INVALID_VALUE, function.kernel.name() + " has parameters, none were given");
    }
    int index = 0;
    for (Variable parameter : function.ptx().parameters()) {
      long address = Out.getLong(pointers, index);
      if (address == 0) {
        throw new ApiException(
            CUDA_ERROR_INVALID_VALUE,
            function.kernel.name() + ": parameter " + index + " is a null pointer");
      }
      MemorySegment value = MemorySegment.ofAddress(address).reinterpret(parameter.bytes());
      int bytes = (int) parameter.bytes();
      MemorySegment.copy(value, ValueLayout.JAVA_BYTE, 0, block, parameter.offset(), bytes);
      index++;
    }
    return block;
  }

  private static void buffer(FunctionObject function, MemorySegment extra, byte[] block) {
    long buffer = 0;
    long bytes = -1;
    for (int i = 0; Out.getLong(extra, i) != PARAM_END; i += 2) {
      long value = Out.getLong(extra, i + 1);
      if (Out.getLong(extra, i) == PARAM_BUFFER) {
        buffer = value;
      } else if (Out.getLong(extra, i) == PARAM_BUFFER_SIZE) {
        bytes = Out.getLong(MemorySegment.ofAddress(value).reinterpret(8), 0);
      } else {
        throw new ApiException(CUDA_ERROR_INVALID_VALUE, "extra entry " + i + " is unknown");
      }
    }
    if (bytes != block.length || buffer == 0) {
      throw new ApiException(
          CUDA_ERROR_INVALID_VALUE,
          String.format(
              "%s takes %d bytes of parameters, %d were given",
              function.kernel.name(), block.length, bytes));
    }
    MemorySegment from = MemorySegment.ofAddress(buffer).reinterpret(bytes);
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, block, 0, block.length);
  }

  public int cuLaunchHostFunc(long stream, long function, long userData) {
    Stream in = machine.stream(stream);
    machine.require(function != 0, CUDA_ERROR_INVALID_VALUE, "no function");
    in.context.enqueue(in, new HostFunctionWork(machine, function, userData));
    return 0;
  }

  public int cuOccupancyMaxActiveBlocksPerMultiprocessor(
      MemorySegment blocks, long function, int blockSize, long dynamicShared) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        blocks, function, blockSize, dynamicShared, 0);
  }

  public int cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
      MemorySegment blocks, long function, int blockSize, long dynamicShared, int flags) {
    machine.context();
    FunctionObject of = machine.handles.get(function, FunctionObject.class);
    machine.require(
        blockSize > 0 && blockSize <= of.maxThreads() && dynamicShared >= 0 && flags >= 0,
        CUDA_ERROR_INVALID_VALUE,
        "block of " + blockSize + " threads, shared " + dynamicShared);
    boolean fits = dynamicShared <= of.maxDynamicShared;
    putInt(blocks, fits ? of.blocksPerMultiprocessor(blockSize, dynamicShared) : 0);
    return 0;
  }

  public int cuOccupancyAvailableDynamicSMemPerBlock(
      MemorySegment bytes, long function, int blocks, int blockSize) {
    machine.context();
    FunctionObject of = machine.handles.get(function, FunctionObject.class);
    machine.require(
        blocks > 0 && blockSize > 0, CUDA_ERROR_INVALID_VALUE, blocks + " x " + blockSize);
    GpuModel model = of.module.context.device.model;
    long each =
        (long) model.sharedPerMultiprocessor() / blocks - of.staticShared - model.reservedShared();
    putLong(bytes, Math.clamp(each, 0, of.maxDynamicShared));
    return 0;
  }
}
