package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_CONTEXT;
import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.natives.Out;
import java.lang.foreign.MemorySegment;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Contexts and each thread's stack of them. */
final class ContextCalls {
  private static final int API_VERSION = 3020;

  /** Limits that a program may set; they are kept and change nothing. */
  private static final Map<Integer, Long> LIMITS = Map.of(0, 1024L, 1, 1L << 20, 2, 8L << 20);

  private final Machine machine;
  private final Map<Context, Map<Integer, Long>> limits = new HashMap<>();

  ContextCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuCtxCreate_v2(MemorySegment context, int flags, int device) {
    Context created = new Context(machine, machine.device(device), flags, false);
    created.handle = machine.handles.add(created);
    machine.contexts.add(created);
    machine.contextStack().push(created);
    putLong(context, created.handle);
    return 0;
  }

  public int cuCtxDestroy_v2(long handle) {
    machine.requireInitialised();
    Context context = context(handle);
    machine.require(
        !context.primary,
        CUDA_ERROR_INVALID_CONTEXT,
        "a primary context is released, not destroyed");
    if (machine.contextStack().peek() == context) {
      machine.contextStack().pop();
    }
    ContextEnd.end(context, "the end of the context");
    return 0;
  }

  private Context context(long handle) {
    try {
      return machine.handles.get(handle, Context.class);
    } catch (ApiException e) {
      throw new ApiException(CUDA_ERROR_INVALID_CONTEXT, e.getMessage());
    }
  }

  public int cuCtxPushCurrent_v2(long handle) {
    machine.requireInitialised();
    machine.contextStack().push(context(handle));
    return 0;
  }

  public int cuCtxPopCurrent_v2(MemorySegment popped) {
    machine.requireInitialised();
    Deque<Context> stack = machine.contextStack();
    machine.require(!stack.isEmpty(), CUDA_ERROR_INVALID_CONTEXT, "the stack is empty");
    Out.putLongIfAsked(popped, stack.pop().handle);
    return 0;
  }

  public int cuCtxSetCurrent(long handle) {
    machine.requireInitialised();
    Deque<Context> stack = machine.contextStack();
    Context next = handle == 0 ? null : context(handle);
    if (!stack.isEmpty()) {
      stack.pop();
    }
    if (next != null) {
      stack.push(next);
    }
    return 0;
  }

  public int cuCtxGetCurrent(MemorySegment context) {
    machine.requireInitialised();
    Context current = machine.contextStack().peek();
    putLong(context, current == null ? 0 : current.handle);
    return 0;
  }

  public int cuCtxGetDevice(MemorySegment device) {
    putInt(device, machine.contextOrDead().device.ordinal);
    return 0;
  }

  public int cuCtxGetFlags(MemorySegment flags) {
    putInt(flags, machine.contextOrDead().flags);
    return 0;
  }

  public int cuCtxGetId(long handle, MemorySegment id) {
    putLong(id, handle == 0 ? machine.contextOrDead().handle : context(handle).handle);
    return 0;
  }

  public int cuCtxSynchronize() {
    machine.context().synchronize();
    return 0;
  }

  public int cuCtxGetLimit(MemorySegment value, int limit) {
    putLong(value, limitsOf(limit).getOrDefault(limit, LIMITS.get(limit)));
    return 0;
  }

  public int cuCtxSetLimit(int limit, long value) {
    limitsOf(limit).put(limit, value);
    return 0;
  }

  private Map<Integer, Long> limitsOf(int limit) {
    machine.require(
        LIMITS.containsKey(limit), CudaResult.CUDA_ERROR_UNSUPPORTED_LIMIT, "limit " + limit);
    return limits.computeIfAbsent(machine.context(), context -> new HashMap<>());
  }

  public int cuCtxGetCacheConfig(MemorySegment config) {
    machine.context();
    putInt(config, 0);
    return 0;
  }

  public int cuCtxSetCacheConfig(int config) {
    machine.context();
    machine.require(config >= 0 && config <= 3, CUDA_ERROR_INVALID_VALUE, "config " + config);
    return 0;
  }

  public int cuCtxGetStreamPriorityRange(MemorySegment least, MemorySegment greatest) {
    machine.context();
    Out.putIntIfAsked(least, 0);
    Out.putIntIfAsked(greatest, StreamCalls.GREATEST_PRIORITY);
    return 0;
  }

  public int cuCtxGetApiVersion(long handle, MemorySegment version) {
    if (handle != 0) {
      context(handle);
    }
    putInt(version, API_VERSION);
    return 0;
  }
}
