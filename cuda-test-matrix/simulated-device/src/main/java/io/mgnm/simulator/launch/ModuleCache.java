package io.mgnm.simulator.launch;

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

  /** A parsed module and what was decoded of it. */
  static final class Parsed {
    final PtxModule module;
    private final Map<String, Program> programs = new LinkedHashMap<>();

    Parsed(PtxModule module) {
      this.module = module;
    }

    /** A kernel decoded for these variables. */
    synchronized Program program(PtxFunction kernel, Map<String, Allocation> variables) {
      if (!variables.isEmpty()) {
        return Lowering.lower(module, kernel, variables);
      }
      return programs.computeIfAbsent(
          kernel.name(), name -> Lowering.lower(module, kernel, variables));
    }
  }

  private static final Map<String, SoftReference<Parsed>> RECENT =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, SoftReference<Parsed>> eldest) {
          return size() > ENTRIES;
        }
      };

  private ModuleCache() {}

  static synchronized Parsed get(String ptx) {
    SoftReference<Parsed> known = RECENT.get(ptx);
    Parsed entry = known == null ? null : known.get();
    if (entry == null) {
      entry = new Parsed(PtxModule.parse(ptx));
      RECENT.put(ptx, new SoftReference<>(entry));
    }
    return entry;
  }
}
