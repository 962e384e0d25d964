package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.launch.Kernel;
import io.mgnm.simulator.ptx.PtxFunction;
import io.mgnm.simulator.ptx.Variable;
import java.util.Arrays;

/** A kernel as the driver hands it out, with the attributes that the program may set. */
final class FunctionObject {
  final ModuleObject module;
  final Kernel kernel;
  final int staticShared;
  int maxDynamicShared;

  FunctionObject(ModuleObject module, Kernel kernel) {
    this.module = module;
    this.kernel = kernel;
    this.staticShared = module.loaded.ptx().staticSharedBytes(kernel.function());
    this.maxDynamicShared = Math.max(0, ComputeCapability.DEFAULT_SHARED_BYTES - staticShared);
  }

  PtxFunction ptx() {
    return kernel.function();
  }

  ComputeCapability capability() {
    return module.context.device.capability;
  }

  /** The largest block that the kernel's own bounds and the architecture allow. */
  int maxThreads() {
    int[] bound = ptx().requiredBlock() != null ? ptx().requiredBlock() : ptx().maxBlock();
    return bound == null
        ? ComputeCapability.MAX_THREADS_PER_BLOCK
        : Arrays.stream(bound).reduce(1, (a, b) -> a * Math.max(1, b));
  }

  int localBytes() {
    return (int)
        ptx().locals().values().stream()
            .filter(variable -> variable.space().name().equals("LOCAL"))
            .mapToLong(Variable::bytes)
            .sum();
  }

  /** Dynamic shared memory that a block may have at most after opting in. */
  int dynamicSharedLimit() {
    return capability().maxSharedBytesPerBlock() - staticShared;
  }

  /** Blocks that fit an SM by threads, blocks and shared memory; PTX does not tell registers. */
  int blocksPerMultiprocessor(int threads, long dynamicShared) {
    GpuModel model = module.context.device.model;
    int warps = (threads + ComputeCapability.WARP - 1) / ComputeCapability.WARP;
    int byThreads = model.threadsPerMultiprocessor() / (warps * ComputeCapability.WARP);
    long shared = staticShared + dynamicShared + model.reservedShared();
    long byShared = shared == 0 ? Integer.MAX_VALUE : model.sharedPerMultiprocessor() / shared;
    return (int) Math.min(Math.min(byThreads, byShared), model.blocksPerMultiprocessor());
  }
}
