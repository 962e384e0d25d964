package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.ComputeCapability;
import java.util.Map;

/**
 * What the driver says of a device: for each compute capability one product stands for all, with
 * its published figures (CUDA C++ Programming Guide, "Technical Specifications per Compute
 * Capability"; the products' data sheets).
 *
 * @param multiprocessors number of SMs
 * @param threadsPerMultiprocessor resident threads of an SM
 * @param blocksPerMultiprocessor resident blocks of an SM
 * @param sharedPerMultiprocessor bytes of shared memory of an SM
 * @param reservedShared bytes of an SM's shared memory that the system takes per block
 * @param clockKilohertz clock of the SMs
 * @param memoryClockKilohertz clock of the memory
 * @param busBits width of the memory's bus
 * @param l2Bytes size of the L2 cache
 */
record GpuModel(
    String name,
    int multiprocessors,
    int threadsPerMultiprocessor,
    int blocksPerMultiprocessor,
    int sharedPerMultiprocessor,
    int reservedShared,
    int clockKilohertz,
    int memoryClockKilohertz,
    int busBits,
    int l2Bytes) {
  static final int REGISTERS = 65_536;
  private static final int KIB = 1024;
  private static final int MIB = 1 << 20;

  private static final Map<Integer, GpuModel> MODELS =
      Map.of(
          75,
          new GpuModel(
              "Simulated Tesla T4", 40, 1024, 16, 64 * KIB, 0, 1_590_000, 5_001_000, 256, 4 * MIB),
          86,
          new GpuModel(
              "Simulated GeForce RTX 3090",
              82,
              1536,
              16,
              100 * KIB,
              KIB,
              1_695_000,
              9_751_000,
              384,
              6 * MIB),
          90,
          new GpuModel(
              "Simulated H100 SXM",
              132,
              2048,
              32,
              228 * KIB,
              KIB,
              1_755_000,
              2_619_000,
              5120,
              50 * MIB));

  /** The capability's product, with another number of SMs unless {@code count} is 0. */
  static GpuModel of(ComputeCapability capability, int count) {
    GpuModel model = MODELS.get(capability.number());
    if (model == null) {
      throw new IllegalArgumentException(
          "the simulated driver knows compute capabilities 7.5, 8.6 and 9.0, not " + capability);
    }
    return count == 0 ? model : model.withMultiprocessors(count);
  }

  private GpuModel withMultiprocessors(int count) {
    return new GpuModel(
        name,
        count,
        threadsPerMultiprocessor,
        blocksPerMultiprocessor,
        sharedPerMultiprocessor,
        reservedShared,
        clockKilohertz,
        memoryClockKilohertz,
        busBits,
        l2Bytes);
  }

  /**
   * The value of a {@code CUdevice_attribute}; 0 for what the simulated device does not have
   * (textures, managed and mapped memory, peers, clusters).
   *
   * @throws ApiException for a number that is no attribute
   */
  int attribute(int attribute, ComputeCapability capability, int ordinal) {
    if (attribute < 1 || attribute > 144) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_INVALID_VALUE, attribute + " is no device attribute");
    }
    return switch (attribute) {
      case 1, 2, 3 -> 1024; // threads per block, block x, block y
      case 4 -> 64; // block z
      case 5 -> Integer.MAX_VALUE; // grid x
      case 6, 7 -> 65_535; // grid y, z
      case 8 -> ComputeCapability.DEFAULT_SHARED_BYTES;
      case 9 -> 64 * KIB; // constant memory
      case 10 -> ComputeCapability.WARP;
      case 11 -> Integer.MAX_VALUE; // pitch
      case 12, 82 -> REGISTERS; // per block, per multiprocessor
      case 13 -> clockKilohertz;
      case 14 -> 512; // texture alignment
      case 15, 31, 41, 78, 79, 80, 90, 95, 99 -> 1; // overlap, concurrent kernels, UVA, ...
      case 16 -> multiprocessors;
      case 33 -> ordinal + 1; // PCI bus
      case 36 -> memoryClockKilohertz;
      case 37 -> busBits;
      case 38 -> l2Bytes;
      case 39 -> threadsPerMultiprocessor;
      case 40 -> 2; // copy engines
      case 75 -> capability.major();
      case 76 -> capability.minor();
      case 81 -> sharedPerMultiprocessor;
      case 87 -> capability.number() == 90 ? 2 : 32; // float to double throughput
      case 97 -> capability.maxSharedBytesPerBlock();
      case 106 -> blocksPerMultiprocessor;
      case 111 -> reservedShared;
      case 115 -> 1; // stream-ordered allocation
      default -> 0;
    };
  }
}
