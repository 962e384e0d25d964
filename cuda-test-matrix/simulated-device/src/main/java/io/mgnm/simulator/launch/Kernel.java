package io.mgnm.simulator.launch;

import io.mgnm.simulator.machine.Program;
import io.mgnm.simulator.ptx.PtxFunction;

/** A kernel of a loaded module, ready to launch. */
public final class Kernel {
  private final LoadedModule module;
  private final PtxFunction function;
  final Program program;

  Kernel(LoadedModule module, PtxFunction function, Program program) {
    this.module = module;
    this.function = function;
    this.program = program;
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

  /** Shared memory declared in the PTX, bytes of one block. */
  public int staticSharedBytes() {
    return program.sharedBytes();
  }

  /** Local memory of one thread, bytes. */
  public int localBytes() {
    return program.localBytes();
  }
}
