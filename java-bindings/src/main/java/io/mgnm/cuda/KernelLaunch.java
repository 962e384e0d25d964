package io.mgnm.cuda;

import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/** A launch that was checked, with its arguments; it may run any number of times. */
public final class KernelLaunch {
  private final CudaKernel kernel;
  private final LaunchShape shape;
  private final Object[] arguments;
  private final Pointer parameters;

  KernelLaunch(CudaKernel kernel, LaunchShape shape, Object[] arguments) {
    this.kernel = kernel;
    this.shape = shape;
    this.arguments = arguments.clone();
    Pointer[] pointers = new Pointer[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      pointers[i] =
          switch (arguments[i]) {
            case DeviceBuffer buffer -> Pointer.to(buffer.pointer());
            case Integer value -> Pointer.to(new int[] {value});
            case Long value -> Pointer.to(new long[] {value});
            case Float value -> Pointer.to(new float[] {value});
            case Double value -> Pointer.to(new double[] {value});
            default -> throw new AssertionError("checked before: " + arguments[i]);
          };
    }
    this.parameters = Pointer.to(pointers);
  }

  /** Whether it gets memory of which {@code buffer} has some, to read or to write. */
  public boolean uses(DeviceBuffer buffer) {
    for (Object argument : arguments) {
      if (argument instanceof DeviceBuffer other && other.overlaps(buffer)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Gives it to a stream of the kernel's context.
   *
   * @throws IllegalStateException where memory that it needs is closed
   */
  public void run(CudaStream stream) {
    CudaContext context = stream.context();
    try (CudaContext.Use inside = context.enter()) {
      kernel.module().requireOpen();
      if (context.isMeasuring()) {
        return;
      }
      for (Object argument : arguments) {
        if (argument instanceof DeviceBuffer buffer) {
          buffer.scope().requireOpen();
        }
      }
      context.check(
          "cuLaunchKernel",
          JCudaDriver.cuLaunchKernel(
              kernel.function(),
              shape.gridX(),
              shape.gridY(),
              shape.gridZ(),
              shape.blockX(),
              shape.blockY(),
              shape.blockZ(),
              shape.sharedBytes(),
              stream.handle(),
              parameters,
              null),
          this);
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(kernel.signature().name()).append(", ").append(shape);
    for (int i = 0; i < arguments.length; i++) {
      text.append(", ").append(kernel.signature().parameters().get(i).name());
      text.append('=').append(arguments[i]);
    }
    return text.toString();
  }
}
