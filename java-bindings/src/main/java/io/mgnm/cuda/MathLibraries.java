package io.mgnm.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Finds and loads cuBLAS 12 and cuDNN 9, and JCuda's natives for them. Looked for in the folder
 * that the property {@code mgnm.cudalibs} names, and no other if it is set; else by the system's
 * loader.
 */
final class MathLibraries {
  static final String PROPERTY = "mgnm.cudalibs";

  private static final boolean WINDOWS = SharedLibraries.isWindows();

  private MathLibraries() {}

  /** One of NVIDIA's libraries, and the class of JCuda that binds it. */
  enum Library {
    CUBLAS(
        "cuBLAS",
        WINDOWS ? List.of("cublasLt64_12.dll", "cublas64_12.dll") : List.of("libcublas.so.12"),
        "jcuda.jcublas.JCublas2",
        "libcublas-12-6"),
    CUDNN(
        "cuDNN",
        WINDOWS ? List.of("cudnn64_9.dll") : List.of("libcudnn.so.9"),
        "jcuda.jcudnn.JCudnn",
        "libcudnn9-cuda-12");

    private final String product;
    private final List<String> files;
    private final String binding;
    private final String systemPackage;
    private boolean loaded;

    Library(String product, List<String> files, String binding, String systemPackage) {
      this.product = product;
      this.files = files;
      this.binding = binding;
      this.systemPackage = systemPackage;
    }
  }

  /**
   * Loads a library, if that has not happened.
   *
   * @return why it cannot be loaded, with the loader's words and a remedy; empty where it is loaded
   */
  static synchronized Optional<String> load(Library library) {
    if (library.loaded) {
      return Optional.empty();
    }
    String chosen = System.getProperty(PROPERTY);
    for (String file : library.files) {
      Optional<String> failure =
          SharedLibraries.load(chosen == null ? file : Path.of(chosen, file).toString());
      if (failure.isPresent()) {
        return Optional.of(
            "no %s: %s; install it (package %s), or set -D%s=FOLDER to where %s is"
                .formatted(
                    library.product,
                    failure.get(),
                    library.systemPackage,
                    PROPERTY,
                    library.files.getLast()));
      }
    }
    CudaDriver.withOwnTemporaryFolder(library.binding);
    library.loaded = true;
    return Optional.empty();
  }
}
