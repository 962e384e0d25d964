package io.mgnm.cuda;

import java.util.List;

/**
 * Makes kernels of sources: {@link KernelCompiler}, or what stands before it to see or change what
 * is compiled, as tests of the tests do.
 */
public interface KernelBuilder {

  /** The compiler's version, such as 12.9. */
  String version();

  /**
   * @param options such as {@code -DNAME=VALUE}; architecture and language are the builder's affair
   * @throws KernelCompileException where the source has errors
   */
  KernelImage compile(KernelSource source, List<String> options, CompileTarget target);
}
