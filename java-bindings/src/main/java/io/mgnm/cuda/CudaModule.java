package io.mgnm.cuda;

import java.util.Map;
import java.util.stream.Collectors;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** Compiled kernels, loaded; its context closes it. */
public final class CudaModule implements AutoCloseable {
  private final CudaContext context;
  private final KernelImage image;
  private final CUmodule module = new CUmodule();
  private final Map<String, CudaKernel> kernels;
  private boolean closed;

  CudaModule(CudaContext context, KernelImage image) {
    this.context = context;
    this.image = image;
    context.check(
        "cuModuleLoadData",
        JCudaDriver.cuModuleLoadData(module, ended(image)),
        image.source().fileName(),
        " for ",
        image.target(),
        " on ",
        context.device());
    try {
      this.kernels =
          image.source().kernels().stream()
              .collect(
                  Collectors.toUnmodifiableMap(
                      KernelSignature::name, signature -> new CudaKernel(this, signature)));
    } catch (RuntimeException e) {
      JCudaDriver.cuModuleUnload(module);
      throw e;
    }
  }

  /** PTX is text, whose end the driver knows by a zero. */
  private static byte[] ended(KernelImage image) {
    return image.target().form() == CompileTarget.Form.PTX
        ? java.util.Arrays.copyOf(image.code(), image.code().length + 1)
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
   */
  public CudaKernel kernel(String name) {
    CudaKernel kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException(
          "%s declares %s, not %s".formatted(image.source().fileName(), kernels.keySet(), name));
    }
    return kernel;
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
      context.stream().synchronize();
      context.check(
          "cuModuleUnload", JCudaDriver.cuModuleUnload(module), image.source().fileName());
    }
  }
}
