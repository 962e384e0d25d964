package io.mgnm.simulator.launch;

import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.isa.Lowering;
import io.mgnm.simulator.machine.Program;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.ptx.PtxFunction;
import io.mgnm.simulator.ptx.PtxModule;
import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Modules seen lately, parsed and decoded: tests load the same ones again and again. Decoded
 * kernels hold no addresses of device memory as long as the module has no variables there.
 */
final class ModuleCache {
  private static final int ENTRIES = 64;

  /** A module for one kind of device. */
  private record Key(String ptx, ComputeCapability capability) {}

  /** A parsed module and what was decoded of it. */
  static final class Parsed {
    final PtxModule module;
    private final int capability;
    private final Map<String, Program> programs = new LinkedHashMap<>();

    Parsed(PtxModule module, ComputeCapability capability) {
      this.module = module;
      this.capability = capability.number();
    }

    /** A kernel decoded for these variables. */
    synchronized Program program(PtxFunction kernel, Map<String, Allocation> variables) {
      if (!variables.isEmpty()) {
        return Lowering.lower(module, kernel, variables, capability);
      }
      return programs.computeIfAbsent(
          kernel.name(), name -> Lowering.lower(module, kernel, variables, capability));
    }
  }

  private static final Map<Key, SoftReference<Parsed>> RECENT =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, SoftReference<Parsed>> eldest) {
          return size() > ENTRIES;
        }
      };

  private ModuleCache() {}

  static synchronized Parsed get(String ptx, ComputeCapability capability) {
    Key key = new Key(ptx, capability);
    SoftReference<Parsed> known = RECENT.get(key);
    Parsed entry = known == null ? null : known.get();
    if (entry == null) {
      entry = new Parsed(PtxModule.parse(ptx), capability);
      RECENT.put(key, new SoftReference<>(entry));
    }
    return entry;
  }
}
