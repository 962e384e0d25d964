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
    description = "Time training and scoring on this machine.",
    footer = {
      "",
      "ops: every operation and direction by itself, by JMH, on one thread.",
      "step, score: whole training steps, and the scoring of 1,001 candidates, with 1 thread",
      "  and with all, in turns.",
      "peers: the same work by this library and by libtorch, in turns, all threads. The first",
      "  time fetches libtorch, 112 MB, and unpacks 450 MB.",
      "limits: a step beside the peak of the cores and the memory's bandwidth; where its time goes.",
      "curves: time against lengths, rows, interests and layers; beside --into FILE as pictures.",
      "Everything is first checked against the reference, then warmed up. A quiet machine gives",
      "a narrow spread.",
      "On a simulated device, mgnm simulate bench step --backend cuda, one run is counted",
      "instead: by kernel, with an estimate of its time on an H100."
    })
public final class BenchCommand implements Subcommand {
  /** What can be timed. */
  enum What {
    OPS,
    STEP,
    SCORE,
    PEERS,
    LIMITS,
    CURVES,
    ALL;

    boolean covers(What part) {
      return this == ALL || this == part;
    }
  }

  @Parameters(
      paramLabel = "WHAT",
      defaultValue = "ALL",
      description = "ops, step, score, peers, limits, curves or all (default)")
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
      description =
          "warm each workload up for so long, then time it for as long; a point of a curve is"
              + " timed for a fifteenth of it")
  private double seconds;

  @Option(
      names = "--only",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "only models, or operations, whose name has this, such as \"d 16\" or bilstm")
  private String only;

  @Option(
      names = "--histories",
      paramLabel = "N",
      description = "of a training step; 256 by default")
  private Integer histories;

  @Option(names = "--json", paramLabel = "FILE", description = "write the results as JSON")
  private Path json;

  @Option(
      names = "--into",
      paramLabel = "FILE",
      description = "put the tables into a document, such as docs/benchmarks.md")
  private Path document;

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
    for (What part : What.values()) {
      boolean countable = part == What.STEP || part == What.SCORE;
      if (part != What.ALL && what.covers(part) && (countable || counts.isEmpty())) {
        run(part, results, counts, out);
        write(results); // what is done is kept where a later part fails or is stopped
      }
    }
    if (counts.isEmpty()) {
      out.println();
      out.print(results.markdown());
    }
    out.flush();
    return MgnmCommand.OK;
  }

  private void run(What part, Results results, Optional<LaunchCounts> counts, PrintWriter out)
      throws IOException {
    switch (part) {
      case OPS -> new OpsBench(results, out).run(seconds / 6, only);
      case STEP, SCORE -> time(part, results, counts, out);
      case PEERS -> new PeerBench(seconds, results, out).run(cases());
      case LIMITS -> new LimitsBench(seconds / 3, results, out).run(cases());
      case CURVES -> {
        Path folder = document == null ? null : document.resolveSibling("curves");
        new Curves(seconds / 15, results, out).run(folder);
      }
      case ALL -> throw new IllegalArgumentException("all is not one part");
    }
  }

  private void write(Results results) throws IOException {
    if (json != null) {
      results.writeJson(json);
    }
    if (document != null) {
      results.writeInto(document);
    }
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

  private void time(What part, Results results, Optional<LaunchCounts> counts, PrintWriter out) {
    String name = part == What.STEP ? "step, " : "score 1,001, ";
    BiFunction<Backend, Case, Workload> maker =
        part == What.STEP ? StepWorkload::new : ScoreWorkload::new;
    if (counts.isPresent()) {
      for (Case each : cases()) {
        Counted counted = Counted.of(counts.get(), name + each.name(), each, maker);
        results.add(counted).forEach(out::println);
        out.flush();
      }
      return;
    }
    int all = Runtime.getRuntime().availableProcessors();
    int[] threads =
        backend.equals("cpu") ? IntStream.of(1, all).distinct().toArray() : new int[] {1};
    Table table =
        results.table(
            part.name().toLowerCase(Locale.ROOT),
            "what",
            "threads",
            "ms a run, median (least to most)",
            "histories/s",
            "× 1 thread");
    for (Case each : cases()) {
      Timing.Timed timed = new Timing(backend, seconds).time(each, maker, threads);
      timed.rows(name + each.name(), table).forEach(out::println);
      out.flush();
    }
  }
}
