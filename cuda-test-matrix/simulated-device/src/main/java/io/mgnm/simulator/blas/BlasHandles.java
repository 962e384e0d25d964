package io.mgnm.simulator.blas;

import static io.mgnm.simulator.blas.BlasStatus.CUBLAS_STATUS_INVALID_VALUE;
import static io.mgnm.simulator.blas.BlasStatus.CUBLAS_STATUS_MAPPING_ERROR;
import static io.mgnm.simulator.blas.BlasStatus.CUBLAS_STATUS_NOT_INITIALIZED;

import io.mgnm.simulator.driver.ApiException;
import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.Handles;
import io.mgnm.simulator.driver.LibraryCall;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.memory.DeviceMemory;
import io.mgnm.simulator.memory.DeviceMemoryException;
import io.mgnm.simulator.natives.Out;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/** The handles of one machine and what all calls that compute have in common. */
final class BlasHandles {
  private final Machine machine;
  private final Handles handles = new Handles(CUBLAS_STATUS_NOT_INITIALIZED.code());

  BlasHandles(Machine machine) {
    this.machine = machine;
    machine.atEnd(
        () -> {
          int left = handles.count();
          if (left > 0) {
            machine.findings().add(Finding.Kind.LEAK, left + " cuBLAS handle(s) not destroyed");
          }
        });
  }

  long add(BlasHandle handle) {
    return handles.add(handle);
  }

  void remove(long handle) {
    handles.remove(handle, BlasHandle.class);
  }

  BlasHandle get(long handle) {
    return handles.get(handle, BlasHandle.class);
  }

  int capability() {
    return machine.options().capability().number();
  }

  /** A range that the call will touch must lie in live device memory. */
  void requireDevice(long address, long bytes, String what) {
    try {
      machine.memory().require(address, bytes, what);
    } catch (DeviceMemoryException e) {
      machine.findings().add(Finding.Kind.MISUSE, "cuBLAS: " + e.getMessage());
      throw new ApiException(CUBLAS_STATUS_INVALID_VALUE.code(), e.getMessage());
    }
  }

  /**
   * A scalar by the handle's pointer mode: from the host it is read now, from the device when the
   * work runs.
   */
  ToDoubleFunction<DeviceMemory> scalar(
      BlasHandle handle, MemorySegment pointer, List<MemoryRange> ranges) {
    BlasStatus.require(!Out.isNull(pointer), "a scalar is a null pointer");
    if (handle.pointerMode == BlasHandle.HOST_POINTERS) {
      BlasStatus.require(
          !machine.isDeviceAddress(pointer.address()),
          "a scalar is in device memory, and the pointer mode says host");
      float value = Out.getFloat(pointer);
      return memory -> value;
    }
    long address = pointer.address();
    requireDevice(address, 4, "a scalar");
    ranges.add(MemoryRange.read(address, 4));
    return memory -> FloatMatrix.vector(address, 1, 1).read(memory)[0];
  }

  /** Puts work into the handle's stream. */
  void submit(
      BlasHandle handle, String what, List<MemoryRange> ranges, Consumer<DeviceMemory> body) {
    if (handle.context != machine.currentContext()) {
      throw new ApiException(
          CUBLAS_STATUS_MAPPING_ERROR.code(), "the handle belongs to another context");
    }
    for (MemoryRange range : ranges) {
      requireDevice(range.address(), range.bytes(), what);
    }
    List<MemoryRange> all = new ArrayList<>(ranges);
    all.addAll(handle.workspaceRanges());
    machine.enqueue(handle.stream, new LibraryCall(what, all, body));
  }
}
