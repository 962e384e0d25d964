package io.mgnm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.config.Key;
import io.mgnm.train.TestRuns;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuneCommandTest {
  @TempDir private Path folder;
  private String data;
  private String out;
  private String base;
  private String space;
  private final StringWriter text = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void prepare() throws IOException {
    data = TestRuns.data(folder).toString();
    out = folder.resolve("search").toString();
    base = write("base.yaml", TestRuns.settings().with(Key.D, 4).toYaml());
    space = write("small.yaml", "model.d: [4, 8]\nl2.weight: {from: 1e-4, to: 0.01, scale: log}\n");
  }

  private String write(String name, String yaml) throws IOException {
    return Files.writeString(folder.resolve(name), yaml).toString();
  }

  private int run(String... arguments) {
    text.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return MgnmCommand.commandLine()
        .setOut(new PrintWriter(text))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  private int tune(String... more) {
    List<String> arguments = new ArrayList<>(List.of("tune", data, "--out", out));
    arguments.addAll(List.of("--backend", "cpu", "--threads", "1"));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  @Test
  void findsSettingsThatTrainTakesAndRunsThatEvaluateOpens() {
    // No time at all: nothing begins, and the next call does everything.
    assertThat(tune("--config", base, "--space", space, "--trials", "3", "--time", "0.001s"))
        .as(err.toString())
        .isZero();
    assertThat(text.toString()).contains("no trial is at the end of its first rung");
    assertThat(err.toString()).contains("go on with: mgnm tune", "--trials 3 --resume");
    assertThat(tune("--resume", "--trials", "3", "--time", "10m")).as(err.toString()).isZero();
    assertThat(text.toString())
        .containsPattern("trial +\\d +\\d +\\d\n")
        .contains("ndcg@5", "best epoch", " of 1", " of 3", "model.d", "l2.weight");
    assertThat(err.toString())
        .contains("trial 1 (1 of 3, rung 1 of 2: to epoch 1): ", "l2.weight=")
        .contains("rung 1 of 2 is done", "(1 of 1, rung 2 of 2: to epoch 3): ", "best is trial ");

    String best = Path.of(out, "best.yaml").toString();
    String run = folder.resolve("run").toString();
    assertThat(run("train", data, "--config", best, "--out", run, "--epochs", "1"))
        .as(err.toString())
        .isZero();
    assertThat(run("evaluate", Path.of(out, "trial-002").toString(), "--candidates", "20"))
        .as(err.toString())
        .isZero();
  }

  @Test
  void anInterruptedSearchSavesAndGoesOn() throws Exception {
    List<String> first =
        List.of("tune", data, "--out", out, "--backend", "cpu", "--threads", "1", "--trials", "2");
    List<String> begin = new ArrayList<>(first);
    begin.addAll(List.of("--config", base, "--space", space, "--epochs", "90"));
    Process process = TestRuns.mgnm(List.of(), begin.toArray(String[]::new)).start();
    while (process.isAlive() && !Files.exists(Path.of(out, "trial-001", "last.safetensors"))) {
      Thread.sleep(5);
    }
    process.toHandle().destroy(); // SIGTERM, which ends like Ctrl-C, its output left open
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(output).contains("tune: saved before the end; go on with: mgnm tune");
    assertThat(tune("--resume", "--trials", "2")).as(err.toString()).isZero();
    assertThat(Path.of(out, "trials.jsonl")).isNotEmptyFile();
    assertThat(err.toString()).contains("best is trial ").doesNotContain("saved before the end");
  }

  @Test
  void refusesWhatCannotBe() throws IOException {
    assertThat(tune("--trials", "0")).isEqualTo(2);
    assertThat(tune("--time", "soon")).isEqualTo(2);
    assertThat(err.toString()).contains("expected --time to be such as 45s, 30m or 1h30m");
    assertThat(tune("--epochs", "0")).isEqualTo(2);
    assertThat(tune("--space", write("bad.yaml", "model.d: [16, 0]\n"))).isEqualTo(2);
    assertThat(err.toString()).contains("bad.yaml: model.d: expected integer from 1 to 512");
    assertThat(tune("--space", space, "--set", "model.dd=1")).isEqualTo(2);
    assertThat(tune("--resume")).isEqualTo(2);
    assertThat(err.toString()).contains("tune.json").doesNotContain("\tat ");
    assertThat(Path.of(out)).doesNotExist();

    Files.createDirectories(Path.of(out));
    assertThat(tune("--space", space)).isEqualTo(2);
    assertThat(err.toString()).contains("add --resume");
    assertThat(tune("--resume", "--space", space)).isEqualTo(2);
    assertThat(err.toString()).contains("the search keeps its own");
  }
}
