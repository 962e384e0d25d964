package io.mgnm.simulator.dnn;

import io.mgnm.simulator.driver.ApiException;
import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.Handles;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.memory.DeviceMemoryException;

/** Handles and descriptors of one machine. */
final class DnnObjects {
  final Machine machine;
  final Handles handles = new Handles(DnnStatus.CUDNN_STATUS_BAD_PARAM.code());

  DnnObjects(Machine machine) {
    this.machine = machine;
    machine.atEnd(
        () -> {
          int left = handles.count();
          if (left > 0) {
            machine
                .findings()
                .add(Finding.Kind.LEAK, left + " cuDNN handle(s) or descriptor(s) not destroyed");
          }
        });
  }

  DnnHandle handle(long handle) {
    DnnHandle found = handles.get(handle, DnnHandle.class);
    DnnStatus.CUDNN_STATUS_BAD_PARAM.unless(
        found.context == machine.currentContext(), "the handle belongs to another context");
    return found;
  }

  /** A descriptor, which must have been set. */
  <T> T descriptor(long handle, Class<T> type) {
    Slot slot = handles.get(handle, Slot.class);
    DnnStatus.CUDNN_STATUS_BAD_PARAM.unless(
        slot.type == type, "a " + slot.type.getSimpleName() + " where another kind is wanted");
    DnnStatus.CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED.unless(
        slot.value != null, "the " + type.getSimpleName() + " was never set");
    return type.cast(slot.value);
  }

  void set(long handle, Object value) {
    Slot slot = handles.get(handle, Slot.class);
    DnnStatus.CUDNN_STATUS_BAD_PARAM.unless(
        slot.type == value.getClass(),
        "a " + slot.type.getSimpleName() + " where another kind is wanted");
    slot.value = value;
  }

  /** Device memory that a call will use must be there when it is called. */
  void requireDevice(long address, long bytes, String what) {
    DnnStatus.CUDNN_STATUS_BAD_PARAM_NULL_POINTER.unless(address != 0, what + " is null");
    DnnStatus.CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER.unless(
        address % 4 == 0, what + " is misaligned");
    try {
      machine.memory().require(address, bytes, what);
    } catch (DeviceMemoryException e) {
      machine.findings().add(Finding.Kind.MISUSE, "cuDNN: " + e.getMessage());
      throw new ApiException(DnnStatus.CUDNN_STATUS_BAD_PARAM.code(), e.getMessage());
    }
  }

  /** A cuDNN handle. */
  static final class DnnHandle {
    final long context;
    long stream;

    DnnHandle(long context) {
      this.context = context;
    }
  }

  /** What a descriptor's handle stands for: nothing until it is set, and it may be set again. */
  static final class Slot {
    final Class<?> type;
    Object value;

    Slot(Class<?> type) {
      this.type = type;
    }
  }
}
