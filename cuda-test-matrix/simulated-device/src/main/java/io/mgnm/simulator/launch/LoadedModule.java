package io.mgnm.simulator.launch;

import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.machine.Program;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.memory.DeviceMemory;
import io.mgnm.simulator.ptx.PtxException;
import io.mgnm.simulator.ptx.PtxFunction;
import io.mgnm.simulator.ptx.PtxModule;
import io.mgnm.simulator.ptx.Space;
import io.mgnm.simulator.ptx.Variable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
   * Loads PTX text; see {@link #load(PtxModule, DeviceMemory, ComputeCapability)}. The same text is
   * parsed and decoded once.
   */
  public static LoadedModule load(String ptx, DeviceMemory memory, ComputeCapability capability) {
    return load(ModuleCache.get(ptx), memory, capability);
  }

  /**
   * Loads a module: allocates and initialises its variables, decodes its kernels.
   *
   * @throws PtxException where the PTX is for a newer architecture than the device's, or a kernel
   *     has an instruction that the simulator does not know (the message names it and its line)
   */
  public static LoadedModule load(
      PtxModule ptx, DeviceMemory memory, ComputeCapability capability) {
    return load(new ModuleCache.Parsed(ptx), memory, capability);
  }

  private static LoadedModule load(
      ModuleCache.Parsed entry, DeviceMemory memory, ComputeCapability capability) {
    PtxModule ptx = entry.module;
    ComputeCapability target = ComputeCapability.parse(ptx.target());
    if (target.number() > capability.number()) {
      throw new PtxException(
          0, "PTX for " + ptx.target() + " does not run on compute capability " + capability);
    }
    LoadedModule module = new LoadedModule(ptx, memory, capability);
    try {
      module.placeVariables();
      for (PtxFunction function : ptx.kernels()) {
        Program program = entry.program(function, module.globals);
        module.kernels.put(function.name(), new Kernel(module, function, program));
      }
    } catch (PtxException e) {
      module.unload();
      throw e;
    }
    return module;
  }

  private void placeVariables() {
    for (Variable v : ptx.variables().values()) {
      if (v.space() == Space.GLOBAL || v.space() == Space.CONST) {
        if (v.bytes() == 0 || v.initial() == null) {
          throw new PtxException(v.line(), "variable of another module: " + v.name());
        }
        // A constant is written by the host only.
        long address = memory.allocate(v.bytes(), v.name(), v.space() == Space.CONST);
        globals.put(v.name(), memory.find(address));
      }
    }
    for (Variable v : ptx.variables().values()) {
      Allocation allocation = globals.get(v.name());
      if (allocation != null) {
        byte[] initial = v.initial().clone();
        for (Variable.Reference reference : v.references()) {
          Allocation target = globals.get(reference.symbol());
          if (target == null) {
            throw new PtxException(v.line(), "address of " + reference.symbol());
          }
          ByteBuffer.wrap(initial)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(reference.at(), target.base() + reference.plus());
        }
        memory.write(allocation.base(), MemorySegment.ofArray(initial));
      }
    }
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
