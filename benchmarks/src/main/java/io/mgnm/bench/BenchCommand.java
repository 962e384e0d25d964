package io.mgnm.bench;

import io.mgnm.cli.MgnmCommand;
import io.mgnm.cli.Subcommand;
import io.mgnm.ops.Backend;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mgnm bench}: times a training step and scoring on this machine. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Time whole training steps and scoring here, by number of threads.",
    footer = {
      "",
      "Each workload is first checked against the reference, then warmed up, then timed in",
      "turns with 1 thread and with all. A quiet machine gives a narrow spread."
    })
public final class BenchCommand implements Subcommand {
  /** What can be timed. */
  enum What {
    STEP,
    SCORE,
    ALL
  }

  @Parameters(
      paramLabel = "WHAT",
      defaultValue = "ALL",
      description = "step, score or all (default)")
  private What what;

  @Option(
      names = "--backend",
      paramLabel = "B",
      defaultValue = "cpu",
      showDefaultValue = Visibility.ALWAYS,
      description = "cpu or cuda")
  private String backend;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "15",
      showDefaultValue = Visibility.ALWAYS,
      description = "warm each workload up for so long, then time it for as long")
  private double seconds;

  @Option(names = "--json", paramLabel = "FILE", description = "write the results as JSON")
  private Path json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String command = "bin/mgnm bench " + what.name().toLowerCase(java.util.Locale.ROOT);
    Results results = new Results(command, backend);
    for (Case each : Case.all()) {
      if (what != What.SCORE) {
        add(results, "step, " + each.name(), each, StepWorkload::new, out);
      }
      if (what != What.STEP) {
        add(results, "score 1,001, " + each.name(), each, ScoreWorkload::new, out);
      }
    }
    out.println();
    out.print(results.markdown());
    if (json != null) {
      results.writeJson(json);
    }
    return MgnmCommand.OK;
  }

  private void add(
      Results results,
      String name,
      Case what,
      BiFunction<Backend, Case, Workload> maker,
      PrintWriter out) {
    int all = Runtime.getRuntime().availableProcessors();
    int[] threads =
        backend.equals("cpu") ? IntStream.of(1, all).distinct().toArray() : new int[] {1};
    results
        .add(name, new Timing(backend, seconds).time(what, maker, threads))
        .forEach(out::println);
    out.flush();
  }
}
