package io.mgnm.cuda;

import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES;

import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;

/** A loaded kernel, which refuses launches that do not fit it. */
public final class CudaKernel {
  private final CudaModule module;
  private final CudaContext context;
  private final KernelSignature signature;
  private final CUfunction function = new CUfunction();
  private final int maxThreads;
  private final int staticSharedBytes;
  private int dynamicSharedBytes; // what has been asked for so far

  CudaKernel(CudaModule module, KernelSignature signature) {
    this.module = module;
    this.context = module.context();
    this.signature = signature;
    context.check(
        "cuModuleGetFunction",
        JCudaDriver.cuModuleGetFunction(function, module.handle(), signature.name()),
        signature.name(),
        "; is it declared extern \"C\"?");
    this.maxThreads = attribute(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    this.staticSharedBytes = attribute(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
    this.dynamicSharedBytes =
        Math.max(0, context.device().sharedBytesPerBlock() - staticSharedBytes);
  }

  private int attribute(int attribute) {
    int[] value = {0};
    context.check(
        "cuFuncGetAttribute",
        JCudaDriver.cuFuncGetAttribute(value, attribute, function),
        signature.name());
    return value[0];
  }

  /** Its name and parameters. */
  public KernelSignature signature() {
    return signature;
  }

  CudaModule module() {
    return module;
  }

  CUfunction function() {
    return function;
  }

  /**
   * Checks a launch and makes it ready, without running it.
   *
   * @param arguments a {@link DeviceBuffer} for a pointer, else an {@code Integer}, {@code Long},
   *     {@code Float} or {@code Double} of exactly the declared type
   * @throws IllegalArgumentException where shape or arguments do not fit, naming kernel and shape
   */
  public KernelLaunch prepare(LaunchShape shape, Object... arguments) {
    try (CudaContext.Use inside = context.enter()) {
      module.requireOpen();
      checkShape(shape);
      checkArguments(shape, arguments);
      askForShared(shape);
      return new KernelLaunch(this, shape, arguments);
    }
  }

  /** Prepares a launch and gives it to the stream. */
  public void launch(CudaStream stream, LaunchShape shape, Object... arguments) {
    prepare(shape, arguments).run(stream);
  }

  private void checkShape(LaunchShape shape) {
    if (!shape.fault().isEmpty()) {
      throw refused(shape, shape.fault());
    }
    if (shape.threads() > maxThreads) {
      throw refused(
          shape, "a block has at most " + maxThreads + " threads, not " + shape.threads());
    }
    int most = context.device().sharedBytesPerBlockOptIn() - staticSharedBytes;
    if (shape.sharedBytes() > most) {
      throw refused(
          shape,
          "%s has %d bytes of shared memory left beside %d static ones"
              .formatted(context.device(), most, staticSharedBytes));
    }
  }

  private void checkArguments(LaunchShape shape, Object[] arguments) {
    int expected = signature.parameters().size();
    if (arguments.length != expected) {
      throw refused(shape, "expected " + expected + " arguments, got " + arguments.length);
    }
    for (int i = 0; i < expected; i++) {
      KernelSignature.Parameter parameter = signature.parameters().get(i);
      if (!parameter.takes(arguments[i])) {
        throw refused(
            shape,
            "argument %d, %s: got %s"
                .formatted(
                    i,
                    parameter,
                    arguments[i] == null
                        ? "null"
                        : arguments[i].getClass().getSimpleName() + " " + arguments[i]));
      }
      if (arguments[i] instanceof DeviceBuffer buffer) {
        buffer.scope().requireOpen();
        if (buffer.scope().context() != context) {
          throw refused(shape, buffer + " belongs to another context than " + context);
        }
      }
    }
  }

  /** Above what every block may have, the driver wants to be asked first. */
  private void askForShared(LaunchShape shape) {
    if (shape.sharedBytes() > dynamicSharedBytes) {
      context.check(
          "cuFuncSetAttribute",
          JCudaDriver.cuFuncSetAttribute(
              function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, shape.sharedBytes()),
          signature.name(),
          ", ",
          shape);
      dynamicSharedBytes = shape.sharedBytes();
    }
  }

  private IllegalArgumentException refused(LaunchShape shape, String why) {
    return new IllegalArgumentException(signature + ", " + shape + ": " + why);
  }
}
