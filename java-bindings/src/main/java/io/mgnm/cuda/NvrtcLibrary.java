package io.mgnm.cuda;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds and loads NVRTC, NVIDIA's compiler as a library, of CUDA 12. Looked for in this order: the
 * folder that the property {@code mgnm.nvrtc} names, and no other if it is set; the class path, as
 * {@code org.bytedeco:cuda-redist} has it; the system's loader; the folders of installed toolkits.
 */
final class NvrtcLibrary {
  static final String PROPERTY = "mgnm.nvrtc";

  private static final boolean WINDOWS = SharedLibraries.isWindows();
  private static final String LIBRARY = WINDOWS ? "nvrtc64_120_0.dll" : "libnvrtc.so.12";
  private static final String BUILTINS =
      WINDOWS ? "nvrtc-builtins64_12" : "libnvrtc-builtins.so.12";
  private static final String RESOURCES =
      "/org/bytedeco/cuda/" + (WINDOWS ? "windows" : "linux") + "-x86_64/";
  private static final String REMEDY =
      "; install NVRTC of CUDA 12 (package cuda-nvrtc-12-9), or set -D"
          + PROPERTY
          + "=FOLDER to where "
          + LIBRARY
          + " is, or put org.bytedeco:cuda-redist:12.9-9.10-1.5.12 with the classifier of your"
          + " system on the class path (362 MB)";

  private static final List<String> looked = new ArrayList<>();
  private static boolean loaded;

  private NvrtcLibrary() {}

  /**
   * Loads it, if that has not happened.
   *
   * @return why it cannot be loaded, with the loader's words and a remedy; empty where it is loaded
   */
  static synchronized Optional<String> load() {
    if (loaded) {
      return Optional.empty();
    }
    looked.clear();
    Optional<String> failure = loadLibrary();
    if (failure.isPresent()) {
      return Optional.of("no compiler library: " + failure.get() + REMEDY);
    }
    CudaDriver.withOwnTemporaryFolder("jcuda.nvrtc.JNvrtc");
    loaded = true;
    return Optional.empty();
  }

  private static Optional<String> loadLibrary() {
    String chosen = System.getProperty(PROPERTY);
    if (chosen != null) {
      return looked("-D" + PROPERTY + "=" + chosen, loadFrom(Path.of(chosen)));
    }
    if (NvrtcLibrary.class.getResource(RESOURCES + LIBRARY) != null) {
      return looked("class path", loadFrom(unpack()));
    }
    looked.add("class path: no " + RESOURCES + LIBRARY);
    Optional<String> failure = looked("system's loader", SharedLibraries.load(LIBRARY));
    for (Path folder : toolkits()) {
      if (failure.isPresent()) {
        if (Files.exists(folder.resolve(LIBRARY))) {
          failure = looked(folder.toString(), loadFrom(folder));
        } else {
          looked.add(folder + ": no " + LIBRARY);
        }
      }
    }
    return failure;
  }

  private static Optional<String> looked(String where, Optional<String> failure) {
    looked.add(where + ": " + failure.orElse("found"));
    return failure;
  }

  /** Where the last {@link #load} looked, and what it found there in the loader's words. */
  static synchronized List<String> looked() {
    return List.copyOf(looked);
  }

  /** NVRTC looks for its builtins by name alone, so they are loaded before it. */
  private static Optional<String> loadFrom(Path folder) {
    for (String file : namesIn(folder)) {
      if (file.startsWith(BUILTINS)) {
        Optional<String> failure = SharedLibraries.load(folder.resolve(file).toString());
        if (failure.isPresent()) {
          return failure;
        }
      }
    }
    return SharedLibraries.load(folder.resolve(LIBRARY).toString());
  }

  private static List<String> namesIn(Path folder) {
    String[] names = folder.toFile().list();
    return names == null ? List.of() : List.of(names);
  }

  private static List<Path> toolkits() {
    String library = WINDOWS ? "bin" : "lib64";
    List<Path> folders = new ArrayList<>();
    for (String variable : List.of("CUDA_PATH", "CUDA_HOME")) {
      String value = System.getenv(variable);
      if (value != null && !value.isEmpty()) {
        folders.add(Path.of(value, library));
      }
    }
    File[] installed = new File("/usr/local").listFiles((in, name) -> name.startsWith("cuda"));
    if (installed != null) {
      Stream.of(installed).sorted().forEach(file -> folders.add(file.toPath().resolve(library)));
    }
    return folders;
  }

  /**
   * The class path's libraries as files. They are kept in the cache, in a folder named by their
   * content, since unpacking 113 MB takes longer than compiling.
   */
  private static Path unpack() {
    try {
      URL library = NvrtcLibrary.class.getResource(RESOURCES + LIBRARY);
      if (!(library.openConnection() instanceof JarURLConnection connection)) {
        return Path.of(library.toURI()).getParent();
      }
      Path folder =
          CacheFolder.path().resolve("nvrtc-%08x".formatted(connection.getJarEntry().getCrc()));
      try (Stream<java.util.jar.JarEntry> entries = connection.getJarFile().stream()) {
        String inside = RESOURCES.substring(1);
        for (java.util.jar.JarEntry entry : entries.toList()) {
          String name = entry.getName();
          if (name.equals(inside + LIBRARY) || name.startsWith(inside + BUILTINS)) {
            unpack(entry.getName(), entry.getSize(), folder);
          }
        }
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot unpack NVRTC into " + CacheFolder.path(), e);
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void unpack(String entry, long size, Path folder) throws IOException {
    Path file = folder.resolve(entry.substring(entry.lastIndexOf('/') + 1));
    if (Files.exists(file) && Files.size(file) == size) {
      return;
    }
    CacheFolder.writeAtomically(
        file,
        path -> {
          try (InputStream in = NvrtcLibrary.class.getResourceAsStream("/" + entry)) {
            Files.copy(in, path, StandardCopyOption.REPLACE_EXISTING);
          }
        });
  }
}
