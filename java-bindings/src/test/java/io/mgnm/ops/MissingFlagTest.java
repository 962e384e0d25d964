package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A JVM without the Vector API is told which flag it lacks. */
class MissingFlagTest {

  @Test
  void theExceptionNamesTheFlag() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                OpenCpu.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(output)
        .contains(
            "BackendUnavailableException: backend 'cpu' cannot run here: the JVM lacks the Vector"
                + " API: start java with --add-modules jdk.incubator.vector");
  }

  /** Runs in the other JVM. */
  static final class OpenCpu {
    public static void main(String[] arguments) {
      Backends.open("cpu", BackendOptions.defaults()).close();
    }
  }
}
