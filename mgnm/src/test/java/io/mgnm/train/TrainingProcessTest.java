package io.mgnm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training in processes of their own: killed, interrupted, interpreted, on narrower vectors. */
class TrainingProcessTest {
  private static final long SECONDS = 120;

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    data = TestRuns.data(folder);
  }

  @Test
  void aKilledRunGoesOnToTheSameBits() throws Exception {
    complete("whole", List.of());
    Path run = folder.resolve("killed");
    Process process = start("killed", List.of(), false);
    awaitFile(run.resolve("last.safetensors"), process);
    process.destroyForcibly().waitFor();
    assertThat(process.exitValue()).isNotZero();
    complete("killed", List.of());
    TestRuns.requireSameBits(last("whole"), last("killed"));
  }

  @Test
  void anInterruptedRunSavesAndGoesOnToTheSameBits() throws Exception {
    complete("whole", List.of());
    Process process = start("interrupted", List.of(), false);
    awaitFile(folder.resolve("interrupted").resolve("last.safetensors"), process);
    process.toHandle().destroy(); // SIGTERM, which ends like Ctrl-C, its output left open
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(output).contains("interrupted at step").contains("--resume");
    complete("interrupted", List.of());
    TestRuns.requireSameBits(last("whole"), last("interrupted"));
  }

  @Test
  void interpreterAndNarrowVectorsGiveTheSameBits() throws Exception {
    complete("compiled", List.of(), "--epochs", "1");
    complete("interpreted", List.of("-Xint"), "--epochs", "1");
    TestRuns.requireSameBits(last("compiled"), last("interpreted"));
    complete("narrow", List.of("-XX:UseAVX=2"), "--epochs", "1");
    TestRuns.requireSameBits(last("compiled"), last("narrow"));
  }

  private Path last(String run) {
    return folder.resolve(run).resolve("last.safetensors");
  }

  private void complete(String run, List<String> jvmOptions, String... more) throws Exception {
    boolean resume = Files.exists(folder.resolve(run));
    Process process = start(run, jvmOptions, resume, more);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  private Process start(String run, List<String> jvmOptions, boolean resume, String... more)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                data.toString(),
                "--out",
                folder.resolve(run).toString(),
                "--backend",
                "cpu"));
    if (resume) {
      arguments.add("--resume");
    } else {
      Path settings = folder.resolve("settings.yaml");
      Files.writeString(settings, TestRuns.settings().with("training.epochs=30").toYaml());
      arguments.addAll(List.of("--config", settings.toString()));
    }
    arguments.addAll(List.of(more));
    return TestRuns.mgnm(jvmOptions, arguments.toArray(String[]::new)).start();
  }

  private static void awaitFile(Path file, Process process) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!Files.exists(file)) {
      assertThat(process.isAlive()).as("still training").isTrue();
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(5);
    }
  }
}
