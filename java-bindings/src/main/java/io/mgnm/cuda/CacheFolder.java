package io.mgnm.cuda;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Where compiled kernels and unpacked libraries are kept between runs: the property {@code
 * mgnm.cache}, else {@code mgnm} in the user's cache folder. It may be deleted at any time.
 */
final class CacheFolder {
  private CacheFolder() {}

  static Path path() {
    String chosen = System.getProperty("mgnm.cache");
    if (chosen != null) {
      return Path.of(chosen);
    }
    String base =
        SharedLibraries.isWindows()
            ? System.getenv("LOCALAPPDATA")
            : System.getenv("XDG_CACHE_HOME");
    boolean set = base != null && !base.isEmpty();
    return (set ? Path.of(base) : Path.of(System.getProperty("user.home"), ".cache"))
        .resolve("mgnm");
  }

  /** What writes a file's content. */
  interface Content {
    void writeTo(Path file) throws IOException;
  }

  /**
   * Makes a file complete or not at all: other processes see the old one or the new one. Where two
   * make the same file, either may win.
   */
  static void writeAtomically(Path file, Content content) throws IOException {
    Files.createDirectories(file.getParent());
    Path temporary = Files.createTempFile(file.getParent(), file.getFileName() + ".", ".tmp");
    try {
      content.writeTo(temporary);
      try {
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } catch (AtomicMoveNotSupportedException e) {
        throw new IOException("the cache folder's file system has no atomic rename: " + file, e);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
