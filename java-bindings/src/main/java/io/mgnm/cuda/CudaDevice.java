package io.mgnm.cuda;

/**
 * What the driver says of a device.
 *
 * @param ordinal its number among the devices that this process sees
 * @param name the product's
 * @param capability its generation
 * @param multiprocessors streaming multiprocessors (SMs)
 * @param memoryBytes global memory
 * @param maxThreadsPerBlock of any kernel
 * @param sharedBytesPerBlock shared memory a block may have without asking
 * @param sharedBytesPerBlockOptIn and the most it may ask for
 * @param threadsPerMultiprocessor resident at once on one SM
 */
public record CudaDevice(
    int ordinal,
    String name,
    ComputeCapability capability,
    int multiprocessors,
    long memoryBytes,
    int maxThreadsPerBlock,
    int sharedBytesPerBlock,
    int sharedBytesPerBlockOptIn,
    int threadsPerMultiprocessor) {

  @Override
  public String toString() {
    return "device %d, %s (compute capability %s)".formatted(ordinal, name, capability);
  }
}
