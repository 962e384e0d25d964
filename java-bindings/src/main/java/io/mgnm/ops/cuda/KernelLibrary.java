package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaContext;
import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.CudaModule;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The catalogue's kernels, compiled for a device and loaded, each set of sizes once. */
final class KernelLibrary {
  private final CudaContext context;
  private final KernelBuilder builder;
  private final Map<Key, CudaModule> modules = new HashMap<>();

  private record Key(String stem, Map<String, Integer> constants) {}

  KernelLibrary(CudaContext context, KernelBuilder builder) {
    this.context = context;
    this.builder = builder;
  }

  String compilerVersion() {
    return builder.version();
  }

  /**
   * A kernel of an operation.
   *
   * @param constants the source's compile-time sizes by name, without the stem in capitals that
   *     begins them: D for CAPSULE_SQUASH_D
   */
  CudaKernel kernel(String stem, String name, Map<String, Integer> constants) {
    return modules.computeIfAbsent(new Key(stem, Map.copyOf(constants)), this::load).kernel(name);
  }

  private CudaModule load(Key key) {
    String prefix = "-D" + key.stem().toUpperCase(java.util.Locale.ROOT) + "_";
    List<String> options =
        new TreeMap<>(key.constants())
            .entrySet().stream().map(e -> prefix + e.getKey() + "=" + e.getValue()).toList();
    KernelSource source =
        new KernelSource(
            KernelCatalogue.fileName(key.stem()),
            KernelCatalogue.source(key.stem()),
            KernelCatalogue.headers());
    return context.load(builder.compile(source, options, context.target()));
  }
}
