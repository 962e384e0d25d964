package io.mgnm.simulator.jcuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.natives.NativesUnsupportedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where the simulated device cannot run it says why: each case in a JVM of its own. */
class UnsupportedMachineTest {

  /** Loads the libraries and prints what comes of it. */
  public static final class Loader {
    private Loader() {}

    public static void main(String[] arguments) {
      try {
        SimulatedLibraries.load();
        System.out.println("loaded");
      } catch (NativesUnsupportedException e) {
        System.out.println("unsupported: " + e.getMessage());
      }
    }
  }

  private static String load(String path, String... flags) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx64m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Loader.class.getName()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    if (path != null) {
      builder.environment().put("PATH", path);
    }
    return new String(builder.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void withTheCompilerAndG1ItLoads() throws IOException {
    assertThat(load(null, "-XX:+UseG1GC")).isEqualToIgnoringNewLines("loaded");
  }

  @Test
  void withoutACompilerItSaysSo() throws IOException {
    assertThat(load("/nonexistent", "-XX:+UseG1GC"))
        .startsWith("unsupported: ")
        .contains("needs a C compiler named cc");
  }

  @Test
  void withAnotherCollectorItSaysSo() throws IOException {
    assertThat(load(null, "-XX:+UseSerialGC")).startsWith("unsupported: ").contains("-XX:+UseG1GC");
  }
}
