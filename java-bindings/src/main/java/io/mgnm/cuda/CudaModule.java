package io.mgnm.cuda;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import jcuda.Pointer;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;

/** Compiled kernels, loaded; its context closes it. */
public final class CudaModule implements AutoCloseable {
  private static final int LOG_BYTES = 8192;

  private final CudaContext context;
  private final KernelImage image;
  private final CUmodule module = new CUmodule();
  private final Map<String, KernelSignature> signatures;
  private final Map<String, CudaKernel> kernels = new HashMap<>(); // those asked for
  private boolean closed;

  CudaModule(CudaContext context, KernelImage image) {
    this.context = context;
    this.image = image;
    JITOptions options = new JITOptions();
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
    int code = JCudaDriver.cuModuleLoadDataJIT(module, Pointer.to(ended(image)), options);
    if (code != 0) {
      context.check(
          "cuModuleLoadDataEx",
          code,
          image.source().fileName(),
          " as ",
          image.target().architecture(),
          " on ",
          context.device(),
          ": ",
          options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER).split("\0", 2)[0].strip());
    }
    this.signatures =
        image.source().kernels().stream()
            .collect(Collectors.toUnmodifiableMap(KernelSignature::name, Function.identity()));
  }

  /** PTX is text, whose end the driver knows by a zero. */
  private static byte[] ended(KernelImage image) {
    return image.target().form() == CompileTarget.Form.PTX
        ? Arrays.copyOf(image.code(), image.code().length + 1)
        : image.code();
  }

  CudaContext context() {
    return context;
  }

  CUmodule handle() {
    return module;
  }

  /** What was loaded. */
  public KernelImage image() {
    return image;
  }

  /**
   * A kernel by name.
   *
   * @throws IllegalArgumentException where the source declares none of the name
   * @throws CudaException where it declares one that was not compiled in
   */
  public CudaKernel kernel(String name) {
    try (CudaContext.Use inside = context.enter()) {
      KernelSignature signature = signatures.get(name);
      if (signature == null) {
        throw new IllegalArgumentException(
            "%s declares %s, not %s"
                .formatted(image.source().fileName(), signatures.keySet(), name));
      }
      return kernels.computeIfAbsent(name, absent -> new CudaKernel(this, signature));
    }
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException(image.source().fileName() + " is unloaded");
    }
  }

  /** Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    context.disown(this);
    if (context.isClosed() || context.isDead()) {
      return;
    }
    try (CudaContext.Use inside = context.enter()) {
      Owned parts = new Owned();
      parts.add(
          () ->
              context.check(
                  "cuModuleUnload", JCudaDriver.cuModuleUnload(module), image.source().fileName()));
      parts.add(context.stream()::synchronize); // goes first
      parts.closeAll();
    }
  }
}
