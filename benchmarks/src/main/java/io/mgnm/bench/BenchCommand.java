package io.mgnm.bench;

import io.mgnm.cli.MgnmCommand;
import io.mgnm.cli.Subcommand;
import io.mgnm.data.BadInputException;
import io.mgnm.ops.Backend;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
      "turns with 1 thread and with all. A quiet machine gives a narrow spread.",
      "On a simulated device, mgnm simulate bench step --backend cuda, one run is counted",
      "instead: by kernel, with an estimate of its time on an H100."
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

  @Option(
      names = "--only",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "only models and data whose name has this, such as \"d 16\"")
  private String only;

  @Option(
      names = "--histories",
      paramLabel = "N",
      description = "of a training step; 256 by default")
  private Integer histories;

  @Option(names = "--json", paramLabel = "FILE", description = "write the results as JSON")
  private Path json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Optional<LaunchCounts> counts = backend.equals("cuda") ? LaunchCounts.find() : Optional.empty();
    String command =
        (counts.isPresent() ? "bin/mgnm simulate bench " : "bin/mgnm bench ")
            + what.name().toLowerCase(Locale.ROOT);
    Results results = new Results(command, backend);
    if (counts.isPresent()) {
      out.print(results.head()); // before what takes minutes
    }
    for (Case each : cases()) {
      if (what != What.SCORE) {
        add(results, counts, "step, " + each.name(), each, StepWorkload::new, out);
      }
      if (what != What.STEP) {
        add(results, counts, "score 1,001, " + each.name(), each, ScoreWorkload::new, out);
      }
    }
    if (counts.isEmpty()) {
      out.println();
      out.print(results.markdown());
    }
    out.flush();
    if (json != null) {
      results.writeJson(json);
    }
    return MgnmCommand.OK;
  }

  private List<Case> cases() {
    List<Case> chosen = Case.all().stream().filter(each -> each.name().contains(only)).toList();
    if (chosen.isEmpty()) {
      throw BadInputException.option(
          "a part of one of " + Case.all().stream().map(Case::name).toList(),
          "--only " + BadInputException.quote(only),
          "choose one of them, or leave --only out");
    }
    if (histories == null) {
      return chosen;
    }
    return chosen.stream().map(each -> each.withHistories(histories)).toList();
  }

  private void add(
      Results results,
      Optional<LaunchCounts> counts,
      String name,
      Case what,
      BiFunction<Backend, Case, Workload> maker,
      PrintWriter out) {
    if (counts.isPresent()) {
      results.add(Counted.of(counts.get(), name, what, maker)).forEach(out::println);
      out.flush();
      return;
    }
    int all = Runtime.getRuntime().availableProcessors();
    int[] threads =
        backend.equals("cpu") ? IntStream.of(1, all).distinct().toArray() : new int[] {1};
    results
        .add(name, new Timing(backend, seconds).time(what, maker, threads))
        .forEach(out::println);
    out.flush();
  }
}
