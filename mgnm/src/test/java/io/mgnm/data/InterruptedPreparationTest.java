package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.cli.MgnmCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process of its own that is told to end in the middle leaves neither folder nor leftovers. */
class InterruptedPreparationTest {
  @TempDir Path folder;

  private Process start(Path table) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            MgnmCommand.class.getName(),
            "prepare",
            table.toString(),
            "--out",
            folder.resolve("out").toString())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private Path table() throws IOException {
    Path table = folder.resolve("t.tsv");
    SyntheticTable.write(
        new SyntheticInteractions(
            new SyntheticInteractions.Options(2000, 3000, 400_000, 20, 3, .02, .1, .9, 1)),
        table,
        null);
    return table;
  }

  @ParameterizedTest
  @ValueSource(strings = {"reading", "sorting", "writing"})
  void leavesNothing(String step) throws Exception {
    Path table = table();
    Process process = start(table);
    try (BufferedReader err = process.errorReader()) {
      String line = err.readLine();
      while (line != null && !line.contains(step)) {
        line = err.readLine();
      }
      assertThat(line).isNotNull();
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(process.exitValue()).isNotZero();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(table);
    }
  }

  @Test
  void killedOutrightLeavesNoFolderOfThatName() throws Exception {
    Process process = start(table());
    try (BufferedReader err = process.errorReader()) {
      String line = err.readLine();
      while (line != null && !line.contains("writing")) {
        line = err.readLine();
      }
      assertThat(line).isNotNull();
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
