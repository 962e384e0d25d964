package io.mgnm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mgnm.cuda.CudaDriver;
import io.mgnm.data.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

class MgnmCommandTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Fails as it is told to. */
  @Command(name = "fail")
  static final class FailCommand implements Subcommand {
    @Parameters private String how;

    @Override
    public Integer call() throws IOException {
      if (how.equals("input")) {
        throw BadInputException.option("this", "that", "change it");
      }
      throw new IOException("the disk is gone");
    }
  }

  private int run(String... arguments) {
    CommandLine line = MgnmCommand.commandLine();
    line.addSubcommand(new FailCommand());
    return line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
  }

  @Test
  void helpOfEveryCommandEndsWithZero() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).contains("prepare", "describe", "synthesize");
    for (String command : MgnmCommand.commandLine().getSubcommands().keySet()) {
      out.getBuffer().setLength(0);
      assertThat(run(command, "--help")).as(command).isZero();
      assertThat(out.toString()).contains("Usage: mgnm " + command);
    }
  }

  @Test
  void failuresHaveTheirExitCodes() {
    assertThat(run("fail", "input")).isEqualTo(2);
    assertThat(err.toString()).contains("expected this, found that").doesNotContain("\tat ");
    assertThat(run("fail", "disk")).isEqualTo(1);
    assertThat(err.toString()).contains("fail failed: the disk is gone", "\tat ");
    assertThat(run("nonsense")).isEqualTo(2);
    assertThat(run()).isEqualTo(2);
  }

  @Test
  void doctorSaysWhatRunsAndWhatWouldHelp() {
    assertThat(run("doctor")).isZero();
    assertThat(out.toString())
        .contains("cpu: runs here", "yes  Vector API: ", "--backend auto takes ")
        .contains("cuda: ", "driver and device: ", "compiler", "kernel cache: ", "NVML: ");
  }

  @Test
  void fromNothingToADescription() throws IOException {
    String table = folder.resolve("t.tsv.gz").toString();
    String data = folder.resolve("data").toString();
    assertThat(
            run(
                "synthesize",
                "--users",
                "40",
                "--items",
                "60",
                "--interactions",
                "900",
                "--interests",
                "6",
                "--seed",
                "3",
                "--out",
                table))
        .isZero();
    assertThat(run("prepare", table, "--out", data, "--split", "ratio"))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("40 users, 60 items, 900 interactions");
    out.getBuffer().setLength(0);
    assertThat(run("describe", data)).isZero();
    assertThat(out.toString()).contains("40 users", "split         ratio", "lengths", "####");
    out.getBuffer().setLength(0);
    assertThat(run("describe", data, "--json")).isZero();
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.at("/manifest/users").asInt()).isEqualTo(40);
    assertThat(json.at("/manifest/split/parts/2/samples").asInt()).isEqualTo(172);
    assertThat(json.at("/lengths/histogram").isArray()).isTrue();
    aBackendThatIsNotThereIsBadInput(data);
  }

  private void aBackendThatIsNotThereIsBadInput(String data) {
    String run = folder.resolve("run").toString();
    assertThat(run("train", data, "--out", run, "--backend", "cudda")).isEqualTo(2);
    assertThat(err.toString())
        .contains("expected --backend to be one of auto, cuda, cpu, reference, found 'cudda'");
    assertThat(run("train", data, "--out", run, "--threads", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("expected --threads to be at least 1, found 0");
    if (CudaDriver.unavailable().isPresent()) {
      assertThat(run("train", data, "--out", run, "--backend", "cuda")).isEqualTo(2);
      assertThat(err.toString())
          .contains("backend 'cuda' cannot run here: ", "mgnm doctor")
          .doesNotContain("\tat ");
    }
    assertThat(Path.of(run)).doesNotExist();
  }

  @Test
  void describeAndSynthesizeRefuseBadInput() throws IOException {
    assertThat(run("describe", folder.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("a prepared dataset");
    Path there = Files.createFile(folder.resolve("there.tsv"));
    String[] sizes = {
      "synthesize", "--users", "9", "--items", "9", "--interactions", "99", "--out"
    };
    for (String out : new String[] {there.toString(), folder.resolve("t.xls").toString()}) {
      String[] arguments = Arrays.copyOf(sizes, sizes.length + 1);
      arguments[sizes.length] = out;
      assertThat(run(arguments)).isEqualTo(2);
    }
    assertThat(err.toString()).contains("exists already", "ends in .tsv");
    assertThat(
            run(
                "synthesize",
                "--users",
                "1",
                "--items",
                "9",
                "--interactions",
                "9",
                "--out",
                "x.tsv"))
        .isEqualTo(2);
  }
}
