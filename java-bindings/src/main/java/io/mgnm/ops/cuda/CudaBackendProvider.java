package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaDriver;
import io.mgnm.cuda.CudaInstallation;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.BackendProvider;
import io.mgnm.ops.BackendUnavailableException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * CUDA where there is a driver, a device and a compiler.
 *
 * <p><b>While operations lack kernels</b> ({@link #unfinished}) this backend says that it is not
 * available, so that {@code auto} never picks it for training and nobody meets the gap in the
 * middle of a step. The property {@code mgnm.cuda.unfinished=true} lifts that, for tests and
 * benchmarks of the operations that exist. The last missing kernel lifts it for good.
 */
public final class CudaBackendProvider implements BackendProvider {
  private static final String UNFINISHED = "mgnm.cuda.unfinished";

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
    Optional<String> reason =
        CudaDriver.unavailable()
            .or(CudaBackendProvider::unfinishedReason)
            .or(KernelCompiler::unavailable);
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

  private static Optional<String> unfinishedReason() {
    List<String> missing = unfinished();
    return missing.isEmpty() || Boolean.getBoolean(UNFINISHED)
        ? Optional.empty()
        : Optional.of("these operations are not on CUDA yet: " + String.join(", ", missing));
  }

  /** Stems of the operations that {@link Backend} asks for and no kernel does yet. */
  static List<String> unfinished() {
    return Arrays.stream(Backend.class.getMethods())
        .filter(method -> method.getReturnType().getSimpleName().equalsIgnoreCase(method.getName()))
        .map(method -> stem(method.getName()))
        .filter(stem -> !KernelCatalogue.stems().contains(stem))
        .sorted()
        .toList();
  }

  /** capsuleSquash is capsule_squash. */
  private static String stem(String factory) {
    return factory.equals("biLstm")
        ? "bilstm" // one word in the field
        : factory.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
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
