package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.memory.DeviceMemoryException;
import io.mgnm.simulator.memory.Hold;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Runs operations: never before what they depend on, otherwise as the {@link Schedule} says. */
final class Scheduler {
  private final Machine machine;
  private final Schedule schedule;
  private final Random random;
  private final Set<Operation> pending = new LinkedHashSet<>();

  Scheduler(Machine machine, Schedule schedule, long seed) {
    this.machine = machine;
    this.schedule = schedule;
    this.random = new Random(seed);
  }

  void add(Operation operation) {
    machine.hostMemory.hold(operation);
    for (MemoryRange range : operation.work.ranges()) {
      GpuDevice device = machine.deviceOf(range.address());
      if (device != null) {
        checkStreamOrder(device, operation, range);
        if (!operation.work.looksDone()) {
          operation.holds.add(
              device.memory.hold(
                  range.address(), range.bytes(), range.access(), operation::toString));
        }
      }
    }
    pending.add(operation);
    switch (schedule) {
      case LATE -> {}
      case EAGER -> require(operation);
      case SEEDED -> {
        while (random.nextInt(3) == 0 && !pending.isEmpty()) {
          runAnyReady();
        }
      }
    }
  }

  /** Memory of stream-ordered allocations may be used only after the one and before the other. */
  private void checkStreamOrder(GpuDevice device, Operation operation, MemoryRange range) {
    DeviceBlock block = device.blocks.get(range.address());
    if (block == null) {
      var allocation = device.memory.find(range.address());
      block = allocation == null ? null : device.blocks.get(allocation.base());
    }
    if (block == null) {
      return;
    }
    if (block.allocated != null && !block.allocated.before(operation)) {
      machine.findings.add(
          Finding.Kind.UNORDERED_ACCESS,
          operation + " is not ordered after the allocation of its memory: " + block.allocated);
    }
    if (block.freed != null && block.freed != operation) {
      machine.findings.add(Finding.Kind.USE_AFTER_FREE, operation + " comes after " + block.freed);
    }
  }

  boolean isDone(Operation operation) {
    return operation == null || operation.done;
  }

  /** Runs the operation and whatever it needs. */
  void require(Operation operation) {
    if (operation == null) {
      return;
    }
    while (!operation.done) {
      if (schedule == Schedule.SEEDED) {
        runAnyReady();
      } else {
        execute(firstReadyFor(operation));
      }
    }
  }

  /** Runs one operation that brings this one nearer, for a program that polls. */
  void progress(Operation operation) {
    if (!operation.done) {
      execute(firstReadyFor(operation));
    }
  }

  /** Runs all operations of a context. */
  void drain(Context context) {
    while (true) {
      Operation next = null;
      for (Operation operation : pending) {
        if (operation.context == context) {
          next = operation;
          break;
        }
      }
      if (next == null) {
        return;
      }
      require(next);
    }
  }

  /** Operations of a context that have not run. */
  List<Operation> pendingOf(Context context) {
    return pending.stream().filter(operation -> operation.context == context).toList();
  }

  /** What happened before everything that is pending and everything the host may yet ask for. */
  Clock horizon() {
    Clock horizon = new Clock(machine.hostClock);
    pending.forEach(operation -> horizon.meet(operation.clock));
    return horizon;
  }

  /** Drops what a context still had to do, as its end or its fault does. */
  void abandon(Context context) {
    for (Operation operation : pendingOf(context)) {
      finish(operation);
    }
  }

  private Operation firstReadyFor(Operation operation) {
    Operation at = operation;
    while (true) {
      Operation blocker = null;
      for (Operation before : at.after) {
        if (!before.done) {
          blocker = before;
          break;
        }
      }
      if (blocker == null) {
        return at;
      }
      at = blocker;
    }
  }

  private void runAnyReady() {
    List<Operation> ready = new ArrayList<>();
    for (Operation operation : pending) {
      if (operation.after.stream().allMatch(before -> before.done)) {
        ready.add(operation);
      }
    }
    execute(ready.get(random.nextInt(ready.size())));
  }

  private void execute(Operation operation) {
    machine.hostMemory.check(operation);
    operation.holds.forEach(Hold::release);
    long started = 0;
    for (Operation before : operation.after) {
      started = Math.max(started, before.ended);
    }
    operation.ended = started + operation.work.nanoseconds();
    try {
      if (!operation.work.guessed()) {
        noteRanges(operation);
      }
      operation.work.run(operation);
      finish(operation);
    } catch (DeviceFault fault) {
      fail(operation, Finding.Kind.KERNEL, faultCode(fault), fault.getMessage());
    } catch (DeviceMemoryException e) {
      Finding.Kind kind =
          e.kind() == DeviceMemoryException.Kind.USE_AFTER_FREE
              ? Finding.Kind.USE_AFTER_FREE
              : Finding.Kind.MISUSE;
      fail(operation, kind, CudaResult.CUDA_ERROR_ILLEGAL_ADDRESS, e.getMessage());
    } catch (ApiException e) {
      fail(operation, Finding.Kind.MISUSE, CudaResult.CUDA_ERROR_LAUNCH_FAILED, e.getMessage());
    } catch (UnsupportedOperationException e) {
      fail(operation, Finding.Kind.UNSUPPORTED, CudaResult.CUDA_ERROR_UNKNOWN, e.toString());
    } catch (RuntimeException | Error e) {
      machine.internal(e);
      fail(operation, Finding.Kind.INTERNAL, CudaResult.CUDA_ERROR_UNKNOWN, e.toString());
    }
  }

  private void noteRanges(Operation operation) {
    if (!machine.concurrent()) {
      return;
    }
    for (MemoryRange range : operation.work.ranges()) {
      GpuDevice device = machine.deviceOf(range.address());
      if (device != null) {
        device.history.touched(operation, device.memory, range);
      }
    }
  }

  private static CudaResult faultCode(DeviceFault fault) {
    return switch (fault.kind()) {
      case MISALIGNED -> CudaResult.CUDA_ERROR_MISALIGNED_ADDRESS;
      case ASSERT -> CudaResult.CUDA_ERROR_ASSERT;
      case TRAP, BARRIER_DIVERGENCE, WRONG_MASK, DEADLOCK, ENDLESS ->
          CudaResult.CUDA_ERROR_LAUNCH_FAILED;
      default -> CudaResult.CUDA_ERROR_ILLEGAL_ADDRESS;
    };
  }

  /** A fault kills the context: its other work is dropped, and every later call says so. */
  private void fail(Operation operation, Finding.Kind kind, CudaResult code, String message) {
    machine.findings.add(kind, message + "; in " + operation);
    operation.context.fault = code;
    operation.context.faultMessage = message;
    finish(operation);
    abandon(operation.context);
  }

  private void finish(Operation operation) {
    operation.holds.forEach(Hold::release);
    operation.holds.clear();
    machine.hostMemory.release(operation);
    operation.done = true;
    operation.after.clear();
    pending.remove(operation);
  }
}
