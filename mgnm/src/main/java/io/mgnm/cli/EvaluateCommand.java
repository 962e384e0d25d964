package io.mgnm.cli;

import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.data.Part;
import io.mgnm.eval.EvaluationOptions;
import io.mgnm.eval.Ties;
import io.mgnm.ops.Backend;
import io.mgnm.train.RunFolder;
import io.mgnm.train.TrainedModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mgnm evaluate}: metrics of a run beside random, popularity and co-occurrence. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    description = "Evaluate the best model of a run beside three simple scorers.",
    footer = {"", "The rank of every sample goes to RUN/ranks-PART-CANDIDATES.tsv."})
public final class EvaluateCommand implements Subcommand {
  @Parameters(paramLabel = "RUN", description = "the folder of a run")
  private Path folder;

  @Option(
      names = "--candidates",
      paramLabel = "N",
      defaultValue = "1000",
      showDefaultValue = Visibility.ALWAYS,
      description = "negatives of each sample, or full for the whole catalogue")
  private String candidates;

  @Option(
      names = "--split",
      paramLabel = "S",
      defaultValue = "test",
      showDefaultValue = Visibility.ALWAYS,
      description = "validation or test")
  private Part part;

  @Option(
      names = "--ties",
      paramLabel = "T",
      defaultValue = "average",
      showDefaultValue = Visibility.ALWAYS,
      description = "place among equal scores: average, optimistic or pessimistic")
  private Ties ties;

  @Option(
      names = "--unit",
      paramLabel = "U",
      defaultValue = "sample",
      showDefaultValue = Visibility.ALWAYS,
      description =
          "rank each sample, or the best positive of each user's pooled candidates (user)")
  private Unit unit;

  @Option(
      names = "--seen",
      paramLabel = "X",
      defaultValue = "keep",
      showDefaultValue = Visibility.ALWAYS,
      description = "with full: whether the user's earlier items compete: keep or drop")
  private Seen seen;

  @Option(names = "--data", paramLabel = "DIR", description = "where the data set is now")
  private Path data;

  @Option(names = "--json", description = "print one JSON object")
  private boolean json;

  @Mixin private BackendChoice backend;

  @Spec private CommandSpec spec;

  /** What is ranked. */
  enum Unit {
    SAMPLE,
    USER
  }

  /** What becomes of a user's earlier items. */
  enum Seen {
    KEEP,
    DROP
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    EvaluationOptions options = options();
    RunFolder run = RunFolder.open(folder);
    try (Dataset dataset = run.openData(data);
        Backend opened = backend.open();
        TrainedModel model = TrainedModel.open(opened, run, dataset)) {
      ResultTable table =
          ResultTable.evaluate(
              dataset,
              model,
              options,
              folder.resolve("ranks-%s-%s.tsv".formatted(part.label(), candidates)));
      (json ? table.json() : table.text()).forEach(out::println);
    }
    return MgnmCommand.OK;
  }

  private EvaluationOptions options() {
    int negatives = EvaluationOptions.FULL;
    if (!candidates.equals("full")) {
      try {
        negatives = Integer.parseInt(candidates);
      } catch (NumberFormatException e) {
        negatives = 0; // refused below, with the same words
      }
      if (negatives < 1) {
        throw BadInputException.option(
            "--candidates full or a positive number",
            BadInputException.quote(candidates),
            "take 99, 1000 or full");
      }
    }
    if (part == Part.TRAIN) {
      throw BadInputException.option(
          "--split validation or test", "train", "evaluate what was not trained on");
    }
    if (options(negatives).full() && unit == Unit.USER) {
      throw BadInputException.option(
          "--unit sample with --candidates full", "--unit user", "take --candidates 1000");
    }
    return options(negatives);
  }

  private EvaluationOptions options(int negatives) {
    return new EvaluationOptions(part, negatives, seen == Seen.KEEP, ties, unit == Unit.USER);
  }
}
