package io.mgnm.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM beside this one, with its class path: what is compiled there is for one workload only. */
final class ChildJvm {
  private ChildJvm() {}

  /**
   * Runs a program to its end.
   *
   * @param options of the JVM, beside those that {@code bin/mgnm} gives
   * @return its standard output
   * @throws IllegalStateException where it fails
   */
  static String run(List<String> options, Class<?> program, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Dlogback.configurationFile=io/mgnm/cli/logback.xml",
            "-XX:+UseSerialGC",
            "-XX:MaxRAMPercentage=70",
            "-Xlog:disable"));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException("a JVM failed; run " + String.join(" ", command));
      }
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } finally {
      process.destroy();
    }
  }
}
