package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaDriver;
import io.mgnm.cuda.CudaInstallation;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.BackendProvider;
import io.mgnm.ops.BackendUnavailableException;
import java.util.List;
import java.util.Optional;

/** CUDA where there is a driver, a device and a compiler. */
public final class CudaBackendProvider implements BackendProvider {
  @Override
  public String name() {
    return "cuda";
  }

  /** Before the CPU. */
  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Availability availability() {
    // In this order: the compiler is large, and is loaded only where it could be of use.
    Optional<String> reason = CudaDriver.unavailable().or(KernelCompiler::unavailable);
    return reason
        .map(words -> new Availability(false, words))
        .orElseGet(() -> new Availability(true, CudaDriver.devices().getFirst().toString()));
  }

  @Override
  public List<Finding> describe() {
    return CudaInstallation.inspect().stream()
        .map(part -> new Finding(part.what(), part.found(), part.detail()))
        .toList();
  }

  @Override
  public Backend open(BackendOptions options) {
    Availability availability = availability();
    if (!availability.available()) {
      throw new BackendUnavailableException(availability.detail());
    }
    return new CudaBackend(
        CudaDriver.devices().getFirst(), KernelCompiler.withDefaultCache(), options.cudaGraphs());
  }
}
