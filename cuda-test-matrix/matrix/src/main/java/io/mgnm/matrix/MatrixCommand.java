package io.mgnm.matrix;

import io.mgnm.cli.MgnmCommand;
import io.mgnm.cli.ProgressDisplay;
import io.mgnm.cli.Subcommand;
import io.mgnm.data.BadInputException;
import io.mgnm.matrix.budget.BudgetList;
import io.mgnm.matrix.budget.BudgetRun;
import io.mgnm.matrix.mutation.MutationRun;
import io.mgnm.matrix.mutation.MutationRun.Score;
import io.mgnm.matrix.mutation.Survivors;
import io.mgnm.matrix.table.KernelTable;
import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.matrix.work.Workers;
import io.mgnm.simulator.driver.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mgnm matrix}: every operation, direction, size and backend against the reference. */
@Command(
    name = "matrix",
    mixinStandardHelpOptions = true,
    description = {
      "Compare every operation on every backend with the reference, at many sizes.",
      "The last line is 'N passed, N failed, N skipped'; the exit code is 1 where any failed."
    })
public final class MatrixCommand implements Subcommand {
  /** Of the sample of mutants: another one plants other mistakes. */
  static final long SEED = 4;

  private static final int SHOWN = 20;

  @Option(
      names = "--device",
      paramLabel = "D",
      defaultValue = "simulated",
      showDefaultValue = Visibility.ALWAYS,
      description = "what CUDA is: simulated (three generations, several orders) or cuda (the GPU)")
  private Plan.Device device;

  @Option(
      names = "--filter",
      paramLabel = "WORDS",
      defaultValue = "",
      description =
          "only cases whose name has all these words; a name is"
              + " stem/direction/size/dD/LEVELSxINTERESTS/variant/target, * stands for anything")
  private String filter;

  @Option(names = "--long", description = "many times as many cases as every build runs")
  private boolean all;

  @Option(names = "--html", paramLabel = "FILE", description = "write a page with all results")
  private Path html;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "processes at once (default: all cores, one with --device cuda)")
  private Integer jobs;

  @Option(
      names = "--mutants",
      description =
          "plant mistakes into the kernels whose stem has the words of --filter, and see whether"
              + " the short matrix finds them")
  private boolean mutants;

  @Option(
      names = "--sample",
      paramLabel = "N",
      defaultValue = "20",
      showDefaultValue = Visibility.ALWAYS,
      description = "with --mutants, how many of each stem")
  private int sample;

  @Option(
      names = "--budgets",
      paramLabel = "FILE",
      description =
          "write what the kernels whose stem has the words of --filter take of every architecture;"
              + " other stems keep what the committed list says")
  private Path budgets;

  @Option(
      names = "--table",
      paramLabel = "FILE",
      description = "write the page of what kernels cost beside unfused sequences, docs/kernels.md")
  private Path table;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Filter chosen = new Filter(filter);
    if (mutants) {
      return mutate(chosen, out);
    }
    if (budgets != null) {
      return measure(chosen, out);
    }
    if (table != null) {
      return write(chosen, out);
    }
    Plan plan = all ? Plan.longOne(device, chosen) : Plan.shortOne(device, chosen);
    if (plan.jobs().isEmpty()) {
      throw BadInputException.option(
          "a case whose name has all the words of --filter",
          BadInputException.quote(filter),
          "a name looks like capsule_squash/backward/33/d16/4x4/v0/cuda-9.0-random");
    }
    Results results = run(plan, chosen, out);
    if (html != null) {
      Files.writeString(html, HtmlReport.of(results));
    }
    byStem(results).forEach((stem, counts) -> out.printf("%-28s %s%n", stem, counts));
    out.println(results.summary());
    return results.with(Outcome.FAILED).isEmpty() ? MgnmCommand.OK : MgnmCommand.FAILURE;
  }

  private int mutate(Filter chosen, PrintWriter out) {
    MutationRun run;
    try (ProgressDisplay display = display()) {
      run = new MutationRun(workers(true, "mutants", display), Survivors.committed());
      run.run(Plan.mutated(chosen), sample, SEED, line -> display.say(out, line));
    }
    run.scores().forEach(out::println);
    int unexplained = run.unexplained().size();
    int caught = run.scores().stream().mapToInt(Score::caught).sum();
    int unseen = run.scores().stream().mapToInt(Score::unseen).sum();
    int count = run.scores().stream().mapToInt(Score::count).sum();
    out.printf(
        "%-28s %3d of %3d caught, %.1f %%%n",
        "all", caught, caught + unseen, 100.0 * caught / Math.max(1, caught + unseen));
    out.printf(
        "%d passed, %d failed, %d skipped%n", caught, unexplained, count - caught - unexplained);
    return unexplained == 0 ? MgnmCommand.OK : MgnmCommand.FAILURE;
  }

  private int measure(Filter chosen, PrintWriter out) throws IOException {
    BudgetRun run;
    BudgetList fresh;
    try (ProgressDisplay display = display()) {
      run = new BudgetRun(workers(true, "budgets", display));
      fresh = run.measure(Plan.withKernels(chosen));
    }
    run.problems().forEach(out::println);
    if (!run.problems().isEmpty()) {
      return MgnmCommand.FAILURE;
    }
    Files.writeString(budgets, BudgetList.committed().with(fresh, chosen::matches).text());
    return MgnmCommand.OK;
  }

  private int write(Filter chosen, PrintWriter out) throws IOException {
    KernelTable made = new KernelTable();
    String page;
    try (ProgressDisplay display = display()) {
      page = made.page(workers(true, "table", display), chosen::matches);
    }
    made.problems().forEach(out::println);
    if (!made.problems().isEmpty()) {
      return MgnmCommand.FAILURE;
    }
    Files.writeString(table, page);
    return MgnmCommand.OK;
  }

  private ProgressDisplay display() {
    return new ProgressDisplay(spec.commandLine().getErr());
  }

  private Workers workers(boolean simulated, String task, ProgressDisplay display) {
    return new Workers(
        processes(), simulated, (done, of, stem) -> display.show(task, done, of, () -> stem));
  }

  private int processes() {
    boolean simulated = device == Plan.Device.SIMULATED;
    return jobs != null ? jobs : simulated ? Runtime.getRuntime().availableProcessors() : 1;
  }

  private Results run(Plan plan, Filter chosen, PrintWriter out) {
    Results results = new Results(Unsupported.committed(), chosen);
    if (device == Plan.Device.CUDA && Machine.installed() != null) {
      plan.jobs().forEach(job -> job.run(results::take)); // mgnm simulate: the device is here only
    } else {
      try (ProgressDisplay display = display()) {
        workers(device == Plan.Device.SIMULATED, "matrix", display).run(plan.jobs(), results::take);
      }
    }
    results.with(Outcome.FAILED).stream()
        .limit(SHOWN)
        .forEach(r -> out.printf("FAILED %s%n  %s%n", r.name(), r.message().strip()));
    int more = results.with(Outcome.FAILED).size() - SHOWN;
    if (more > 0) {
      out.printf("... and %d more that failed; --html FILE shows all%n", more);
    }
    results.with(Outcome.UNSUPPORTED).stream()
        .map(CaseResult::message)
        .distinct()
        .forEach(reason -> out.println("skipped: " + reason));
    return results;
  }

  private static Map<String, String> byStem(Results results) {
    Map<String, String> lines = new TreeMap<>();
    results.all().stream()
        .map(CaseResult::stem)
        .distinct()
        .forEach(
            stem -> {
              StringBuilder line = new StringBuilder();
              for (Outcome outcome : Outcome.values()) {
                long count =
                    results.with(outcome).stream().filter(r -> r.stem().equals(stem)).count();
                line.append(
                    "%6d %s".formatted(count, outcome.name().toLowerCase(java.util.Locale.ROOT)));
              }
              lines.put(stem, line.toString());
            });
    return lines;
  }
}
