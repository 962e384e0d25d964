package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;
import static io.mgnm.simulator.natives.Out.putText;

import io.mgnm.simulator.natives.Out;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The driver as a whole, its devices and its error texts. */
final class DeviceCalls {
  /** The CUDA version that the driver claims: that of the JCuda natives. */
  private static final int VERSION = 12_060;

  /** Strings handed out to C live for ever, as the driver's do. */
  private static final Map<String, MemorySegment> TEXTS = new ConcurrentHashMap<>();

  private final Machine machine;

  DeviceCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuInit(int flags) {
    machine.require(flags == 0, CUDA_ERROR_INVALID_VALUE, "cuInit takes 0");
    machine.require(
        !machine.devices.isEmpty(), CudaResult.CUDA_ERROR_NO_DEVICE, "the machine has no device");
    machine.initialised = true;
    return 0;
  }

  public int cuDriverGetVersion(MemorySegment version) {
    putInt(version, VERSION);
    return 0;
  }

  /** Tables of undocumented functions; NVRTC asks for one that serves its own cache. */
  public int cuGetExportTable(MemorySegment table, MemorySegment id) {
    putLong(table, 0);
    return CudaResult.CUDA_ERROR_NOT_FOUND.code();
  }

  public int cuGetErrorName(int error, MemorySegment name) {
    CudaResult result = CudaResult.of(error);
    putLong(name, result == null ? 0 : text(result.name()).address());
    return result == null ? CUDA_ERROR_INVALID_VALUE.code() : 0;
  }

  public int cuGetErrorString(int error, MemorySegment text) {
    CudaResult result = CudaResult.of(error);
    putLong(text, result == null ? 0 : text(result.text()).address());
    return result == null ? CUDA_ERROR_INVALID_VALUE.code() : 0;
  }

  private static MemorySegment text(String text) {
    return TEXTS.computeIfAbsent(text, t -> Arena.global().allocateFrom(t));
  }

  public int cuDeviceGetCount(MemorySegment count) {
    machine.requireInitialised();
    putInt(count, machine.devices.size());
    return 0;
  }

  public int cuDeviceGet(MemorySegment device, int ordinal) {
    putInt(device, machine.device(ordinal).ordinal);
    return 0;
  }

  public int cuDeviceGetName(MemorySegment name, int length, int device) {
    putText(name, length, machine.device(device).model.name());
    return 0;
  }

  public int cuDeviceGetUuid(MemorySegment uuid, int device) {
    machine.device(device);
    for (int i = 0; i < 16; i++) {
      uuid.set(ValueLayout.JAVA_BYTE, i, (byte) (i == 15 ? device : 0x51));
    }
    return 0;
  }

  public int cuDeviceTotalMem_v2(MemorySegment bytes, int device) {
    putLong(bytes, machine.device(device).memory.capacity());
    return 0;
  }

  public int cuDeviceGetAttribute(MemorySegment value, int attribute, int device) {
    GpuDevice of = machine.device(device);
    putInt(value, of.model.attribute(attribute, of.capability, device));
    return 0;
  }

  public int cuDeviceComputeCapability(MemorySegment major, MemorySegment minor, int device) {
    GpuDevice of = machine.device(device);
    putInt(major, of.capability.major());
    putInt(minor, of.capability.minor());
    return 0;
  }

  public int cuDeviceGetPCIBusId(MemorySegment text, int length, int device) {
    machine.device(device);
    putText(text, length, String.format("0000:%02x:00.0", device + 1));
    return 0;
  }

  /** No peers: kernels reach their own device's memory only. */
  public int cuDeviceCanAccessPeer(MemorySegment can, int device, int peer) {
    machine.device(device);
    machine.device(peer);
    putInt(can, 0);
    return 0;
  }

  public int cuDevicePrimaryCtxGetState(int device, MemorySegment flags, MemorySegment active) {
    GpuDevice of = machine.device(device);
    Out.putIntIfAsked(flags, of.primaryFlags);
    Out.putIntIfAsked(active, of.primary == null ? 0 : 1);
    return 0;
  }

  public int cuDevicePrimaryCtxSetFlags_v2(int device, int flags) {
    machine.device(device).primaryFlags = flags;
    return 0;
  }

  public int cuDevicePrimaryCtxRetain(MemorySegment context, int device) {
    GpuDevice of = machine.device(device);
    if (of.primary == null) {
      of.primary = new Context(machine, of, of.primaryFlags, true);
      of.primary.handle = machine.handles.add(of.primary);
      machine.contexts.add(of.primary);
    }
    of.primaryReferences++;
    putLong(context, of.primary.handle);
    return 0;
  }

  public int cuDevicePrimaryCtxRelease_v2(int device) {
    GpuDevice of = machine.device(device);
    machine.require(
        of.primaryReferences > 0,
        CudaResult.CUDA_ERROR_INVALID_CONTEXT,
        "the primary context is not retained");
    of.primaryReferences--;
    if (of.primaryReferences == 0) {
      end(of, "the last release of the primary context");
    }
    return 0;
  }

  public int cuDevicePrimaryCtxReset_v2(int device) {
    GpuDevice of = machine.device(device);
    if (of.primary != null) {
      end(of, "the reset of the primary context");
    }
    return 0;
  }

  private static void end(GpuDevice device, String when) {
    Context context = device.primary;
    device.primary = null;
    device.primaryReferences = 0;
    ContextEnd.end(context, when);
  }

  public int cuProfilerStart() {
    machine.requireInitialised();
    return 0;
  }

  public int cuProfilerStop() {
    machine.requireInitialised();
    return 0;
  }
}
