package io.mgnm.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SimulateCommandTest {
  /** The goal for a step. */
  private static final int NODES = 25;

  @TempDir private Path folder;

  @Test
  void aStepIsCountedByKernel() throws Exception {
    Path json = folder.resolve("counts.json");
    Ran ran = run("bench step --backend cuda --only demo --histories 2 --json " + json);
    assertThat(ran.code()).as(ran.said()).isZero();
    assertThat(ran.said()).contains("the demo's lengths, d 16: 2 histories, ", "`adam_touched`");
    JsonNode step = new ObjectMapper().readTree(json.toFile()).path("rows").path(0);
    assertThat(step.path("graphNodes").asInt()).isBetween(2, NODES);
    double seconds = 0;
    for (JsonNode kernel : step.path("kernels")) {
      assertThat(kernel.path("launches").asInt()).isPositive();
      assertThat(kernel.path("bytes").asLong()).isPositive();
      assertThat(kernel.path("instructions").asLong()).isPositive();
      seconds += kernel.path("seconds").asDouble();
    }
    assertThat(step.path("estimatedSeconds").asDouble())
        .isPositive()
        .isCloseTo(seconds, within(1e-12));
  }

  /** What a user runs first on a GPU; the simulated device also finds nothing wrong with it. */
  @Test
  void theReportHasWhatEachCommandSaid() throws Exception {
    Path file = folder.resolve("report.md");
    Ran ran = run("report --quick --out " + file);
    assertThat(ran.code()).as(ran.said()).isZero();
    assertThat(Files.readString(file))
        .contains("| `mgnm doctor` | passed |", "cuda: runs here", "Simulated H100")
        .containsPattern(
            "\\| `mgnm matrix --device cuda --filter /2/ /cuda` \\| passed \\| \\d+ \\|")
        .containsPattern("capsule_routing +\\d+ passed +0 failed")
        .contains("the demo's lengths, d 16: 2 histories");
  }

  @Test
  void aDeviceThatDoesNotCountIsRefused() throws Exception {
    Ran ran = run("--fast bench step --backend cuda --only demo --histories 2");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.said()).contains("without --fast").doesNotContain("estimate");
  }

  private record Ran(int code, String said) {}

  private static Ran run(String arguments) throws IOException, InterruptedException {
    SimulateCommand simulate = new SimulateCommand();
    new CommandLine(simulate).parseArgs(arguments.split(" "));
    Process process = simulate.process().redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ran(process.waitFor(), said);
  }
}
