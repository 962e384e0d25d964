package io.mgnm.simulator.exec;

import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.DeviceMemory;
import io.mgnm.simulator.ptx.PtxException;
import io.mgnm.simulator.ptx.PtxFunction;
import io.mgnm.simulator.ptx.PtxModule;
import java.util.LinkedHashMap;
import java.util.Map;

/** A PTX module on a device: its global and constant variables have addresses there. */
public final class LoadedModule {
  private final PtxModule ptx;
  private final DeviceMemory memory;
  private final ComputeCapability capability;
  private final Map<String, Allocation> globals = new LinkedHashMap<>();
  private final Map<String, Kernel> kernels = new LinkedHashMap<>();

  private LoadedModule(PtxModule ptx, DeviceMemory memory, ComputeCapability capability) {
    this.ptx = ptx;
    this.memory = memory;
    this.capability = capability;
  }

  /**
   * Loads a module: allocates and initialises its variables, decodes its kernels.
   *
   * @throws PtxException where the PTX is for a newer architecture than the device's, or a kernel
   *     has an instruction that the simulator does not know (the message names it and its line)
   */
  public static LoadedModule load(
      PtxModule ptx, DeviceMemory memory, ComputeCapability capability) {
    LoadedModule module = new LoadedModule(ptx, memory, capability);
    for (PtxFunction function : ptx.kernels()) {
      module.kernels.put(function.name(), new Kernel(module, function));
    }
    return module;
  }

  /**
   * @return the kernel, or null where the module has none of that name
   */
  public Kernel kernel(String name) {
    return kernels.get(name);
  }

  public Map<String, Kernel> kernels() {
    return Map.copyOf(kernels);
  }

  /** Addresses of the module's {@code .global} and {@code .const} variables by name. */
  public Map<String, Allocation> globals() {
    return Map.copyOf(globals);
  }

  public PtxModule ptx() {
    return ptx;
  }

  public DeviceMemory memory() {
    return memory;
  }

  public ComputeCapability capability() {
    return capability;
  }

  /** Frees the variables. The module's kernels must not be launched any more. */
  public void unload() {
    globals.values().forEach(variable -> memory.free(variable.base()));
    globals.clear();
  }
}
