package io.mgnm.simulator.exec;

import io.mgnm.simulator.ptx.PtxFunction;

/** A kernel of a loaded module, ready to launch. */
public final class Kernel {
  private final LoadedModule module;
  private final PtxFunction function;

  Kernel(LoadedModule module, PtxFunction function) {
    this.module = module;
    this.function = function;
  }

  public String name() {
    return function.name();
  }

  public LoadedModule module() {
    return module;
  }

  /** Parameters, shared memory and launch bounds as the PTX declares them. */
  public PtxFunction function() {
    return function;
  }
}
