package io.mgnm.matrix.table;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.ComputeCapability;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelImage;
import io.mgnm.cuda.KernelResources;
import io.mgnm.cuda.KernelSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compiles for the simulated device and, for the registers, for the real one. */
final class Resources implements KernelBuilder {
  private static final CompileTarget H100 =
      new CompileTarget(new ComputeCapability(9, 0), CompileTarget.Form.CUBIN);

  private final KernelCompiler compiler = KernelCompiler.withDefaultCache();
  private final Map<String, KernelResources> kernels = new HashMap<>();

  @Override
  public String version() {
    return compiler.version();
  }

  @Override
  public KernelImage compile(KernelSource source, List<String> options, CompileTarget target) {
    compiler
        .compile(source, options, H100)
        .resources()
        .forEach((name, own) -> kernels.merge(name, own, Resources::larger));
    return compiler.compile(source, options, target);
  }

  private static KernelResources larger(KernelResources one, KernelResources other) {
    return one.registers() >= other.registers() ? one : other;
  }

  KernelResources of(String kernel) {
    return kernels.get(kernel);
  }
}
