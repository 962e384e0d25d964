package io.mgnm.simulator.dnn;

import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.driver.ApiException;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.natives.Out;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Handles, versions and error texts of cuDNN. */
public final class DnnHandleCalls {
  private static final long VERSION = 90_100;
  private static final long CUDART_VERSION = 12_060;
  private static final Map<String, MemorySegment> TEXTS = new ConcurrentHashMap<>();

  private final Machine machine;
  private final DnnObjects objects;

  DnnHandleCalls(Machine machine, DnnObjects objects) {
    this.machine = machine;
    this.objects = objects;
  }

  public long cudnnGetVersion() {
    return VERSION;
  }

  public long cudnnGetCudartVersion() {
    return CUDART_VERSION;
  }

  public long cudnnGetMaxDeviceVersion() {
    return 10L * machine.options().capability().number();
  }

  public MemorySegment cudnnGetErrorString(int status) {
    return TEXTS.computeIfAbsent(
        DnnStatus.nameOf(status), text -> Arena.global().allocateFrom(text));
  }

  public int cudnnGetProperty(int type, MemorySegment value) {
    DnnStatus.CUDNN_STATUS_BAD_PARAM.unless(type >= 0 && type <= 2, "property " + type);
    putInt(value, new int[] {9, 1, 0}[type]);
    return 0;
  }

  public int cudnnOpsVersionCheck() {
    return 0;
  }

  public int cudnnAdvVersionCheck() {
    return 0;
  }

  public int cudnnCreate(MemorySegment handle) {
    DnnStatus.CUDNN_STATUS_BAD_PARAM_NULL_POINTER.unless(!Out.isNull(handle), "handle");
    try {
      DnnObjects.DnnHandle made = new DnnObjects.DnnHandle(machine.currentContext());
      putLong(handle, objects.handles.add(made));
      return 0;
    } catch (ApiException e) {
      throw new ApiException(DnnStatus.CUDNN_STATUS_NOT_INITIALIZED.code(), e.getMessage());
    }
  }

  public int cudnnDestroy(long handle) {
    objects.handles.remove(handle, DnnObjects.DnnHandle.class);
    return 0;
  }

  public int cudnnSetStream(long handle, long stream) {
    DnnObjects.DnnHandle of = objects.handle(handle);
    machine.capturing(stream); // refuses what is no stream
    of.stream = stream;
    return 0;
  }

  public int cudnnGetStream(long handle, MemorySegment stream) {
    putLong(stream, objects.handle(handle).stream);
    return 0;
  }
}
