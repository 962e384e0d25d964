package io.mgnm.cuda;

import java.util.Map;

/** Compiled kernels, ready to be loaded. */
public final class KernelImage {
  private final KernelSource source;
  private final CompileTarget target;
  private final byte[] code;
  private final String log;
  private final boolean cached;

  KernelImage(KernelSource source, CompileTarget target, byte[] code, String log, boolean cached) {
    this.source = source;
    this.target = target;
    this.code = code;
    this.log = log;
    this.cached = cached;
  }

  /** What it was compiled from. */
  public KernelSource source() {
    return source;
  }

  /** What it was compiled for. */
  public CompileTarget target() {
    return target;
  }

  /** Registers and spills of each kernel by name; empty where the form is PTX. */
  public Map<String, KernelResources> resources() {
    return KernelResources.parse(log);
  }

  /** The compiler's log. */
  public String log() {
    return log;
  }

  /** Whether it came from the disk instead of the compiler. */
  public boolean cached() {
    return cached;
  }

  /** Size of the code in bytes. */
  public int bytes() {
    return code.length;
  }

  /** PTX text, or machine code. */
  public byte[] code() {
    return code.clone();
  }
}
