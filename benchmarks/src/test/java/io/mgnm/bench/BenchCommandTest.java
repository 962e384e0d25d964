package io.mgnm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mgnm.cli.MgnmCommand;
import io.mgnm.ops.Backend;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  @TempDir private Path folder;

  @Test
  void timesStepsAndWritesAllForms() throws IOException {
    Path document = folder.resolve("benchmarks.md");
    Files.writeString(document, "before\n<!-- step -->\nan old table\n<!-- end -->\nafter\n");
    Path json = folder.resolve("bench.json");
    String printed = run("step", "--json", json.toString(), "--into", document.toString());
    assertThat(printed)
        .contains("| step, histories of 100, d 16 | 1 |")
        .contains("`bin/mgnm bench step` on ");
    assertThat(document)
        .content()
        .startsWith("before\n<!-- step -->\n`bin/mgnm bench step` on ")
        .contains("| step, mean 15, d 16 | 1 |")
        .doesNotContain("an old table")
        .endsWith("<!-- end -->\nafter\n");
    JsonNode written = new ObjectMapper().readTree(json.toFile());
    assertThat(written.path("rows").size()).isGreaterThanOrEqualTo(4);
    for (JsonNode row : written.path("rows")) {
      JsonNode seconds = row.path("seconds");
      assertThat(seconds.path("least").asDouble()).isPositive();
      assertThat(seconds.path("median").asDouble())
          .isBetween(seconds.path("least").asDouble(), seconds.path("most").asDouble());
    }
  }

  @Test
  void timesScoring() {
    assertThat(run("score", "--only", "d 40"))
        .contains("| score 1,001, histories of 100, d 40 | 1 |");
  }

  private static String run(String... arguments) {
    StringWriter out = new StringWriter();
    List<String> all = new ArrayList<>(List.of("bench", "--seconds", "0.01"));
    all.addAll(List.of(arguments));
    int code =
        MgnmCommand.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(out))
            .execute(all.toArray(String[]::new));
    assertThat(code).as(out.toString()).isZero();
    return out.toString();
  }

  /** A backend that computes something else is not timed. */
  @Test
  void aWrongResultIsNotTimed() {
    Case what = Case.all().getFirst();
    assertThatThrownBy(
            () -> new Timing("cpu", 0.01).time(what, BenchCommandTest::wrongOffTheReference, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cpu gives ")
        .hasMessageContaining("nothing is timed");
  }

  @Test
  void onlyAndHistoriesChooseWhatRuns() {
    StringWriter out = new StringWriter();
    int code =
        MgnmCommand.commandLine()
            .setOut(new PrintWriter(out))
            .execute("bench", "step", "--seconds", "0.01", "--only", "demo", "--histories", "8");
    assertThat(code).isZero();
    assertThat(out.toString()).contains("| step, the demo's lengths, d 16 | 1 |");
    assertThat(out.toString()).doesNotContain("histories of 100");
    StringWriter err = new StringWriter();
    assertThat(
            MgnmCommand.commandLine()
                .setErr(new PrintWriter(err))
                .execute("bench", "step", "--only", "nothing such"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("'nothing such'", "histories of 100, d 16");
  }

  private static Workload wrongOffTheReference(Backend backend, Case what) {
    StepWorkload step = new StepWorkload(backend, what);
    return new Workload() {
      @Override
      public void run() {
        step.run();
      }

      @Override
      public long histories() {
        return step.histories();
      }

      @Override
      public double result() {
        return step.result() * (backend.name().equals("reference") ? 1 : 1.001);
      }

      @Override
      public void close() {
        step.close();
      }
    };
  }

  @Test
  void theMedianLiesBetweenTheEnds() {
    assertThat(Spread.of(new double[] {3, 1, 2})).isEqualTo(new Spread(2, 1, 3, 3));
    assertThat(Spread.of(new double[] {4, 1, 2, 3})).isEqualTo(new Spread(2.5, 1, 4, 4));
  }
}
