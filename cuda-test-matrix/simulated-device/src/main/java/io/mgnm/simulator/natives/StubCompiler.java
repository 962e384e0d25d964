package io.mgnm.simulator.natives;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Compiles stub libraries with the system's {@code cc}. Each process compiles its own (about half a
 * second) into a private temporary directory: nothing is shared, so nothing can be stale.
 */
final class StubCompiler {
  private static final long LIMIT_SECONDS = 120;

  private StubCompiler() {}

  static Path compile(StubLibrary library, Path directory) {
    try {
      Path source = directory.resolve(library.soname() + ".c");
      Path result = directory.resolve(library.soname());
      Files.writeString(source, library.source());
      List<String> command =
          new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-O1", "-w", "-o", result.toString()));
      command.add("-Wl,-soname," + library.soname());
      command.add("-Wl,-Bsymbolic");
      if (library.versionScript() != null) {
        Path script = directory.resolve(library.soname() + ".map");
        Files.writeString(script, library.versionScript());
        command.add("-Wl,--version-script=" + script);
      }
      command.add(source.toString());
      run(command, directory.resolve(library.soname() + ".log"));
      return result;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void run(List<String> command, Path log) throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      throw new NativesUnsupportedException(
          "the simulated CUDA device needs a C compiler named cc on the PATH: " + e.getMessage(),
          e);
    }
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new NativesUnsupportedException(
            "cc did not finish in " + LIMIT_SECONDS + " s: " + String.join(" ", command));
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new NativesUnsupportedException("interrupted while cc ran", e);
    }
    if (process.exitValue() != 0) {
      throw new NativesUnsupportedException(
          "cc failed: " + String.join(" ", command) + "\n" + Files.readString(log));
    }
  }
}
