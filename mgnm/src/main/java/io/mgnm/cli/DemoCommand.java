package io.mgnm.cli;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.data.Dataset;
import io.mgnm.data.DemoData;
import io.mgnm.data.Part;
import io.mgnm.eval.EvaluationOptions;
import io.mgnm.ops.Backend;
import io.mgnm.recommend.Recommendation;
import io.mgnm.recommend.Recommender;
import io.mgnm.train.RunFolder;
import io.mgnm.train.TrainedModel;
import io.mgnm.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mgnm demo}: the whole job on the bundled data. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = "Prepare the bundled data, train, evaluate and recommend.",
    footer = {
      "",
      "The data: which source file of GCC a developer touched next, 1989 to 2022.",
      "Run again, it goes on where it was: nothing is done twice."
    })
public final class DemoCommand implements Subcommand {
  private static final int EXAMPLES = 3;
  private static final int SHOWN = 5;
  private static final int NEGATIVES = 1000;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "mgnm-demo",
      showDefaultValue = Visibility.ALWAYS,
      description = "folder for data and run")
  private Path out;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "6",
      showDefaultValue = Visibility.ALWAYS,
      description = "epochs to train")
  private int epochs;

  @Mixin private BackendChoice backend;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Path folder = out.resolve("data");
    if (!Files.exists(folder)) {
      Files.createDirectories(out);
      DemoData.prepare(folder, step -> err.println("prepare: " + step));
    }
    Path runFolder = out.resolve("run");
    try (Dataset data = Dataset.open(folder)) {
      if (!train(data, runFolder, err)) {
        return MgnmCommand.OK; // interrupted and saved
      }
      evaluate(data, runFolder);
    }
    recommend(runFolder);
    PrintWriter text = spec.commandLine().getOut();
    text.println();
    text.printf(
        "Look on: bin/mgnm recommend %s --user 3000, bin/mgnm evaluate %s --json%n",
        runFolder, runFolder);
    return MgnmCommand.OK;
  }

  private boolean train(Dataset data, Path folder, PrintWriter err) throws IOException {
    try (Backend opened = backend.open()) {
      RunFolder run =
          Files.exists(folder)
              ? RunFolder.resume(folder, data, old -> old.with(Key.EPOCHS, epochs))
              : RunFolder.create(folder, data, settings(), opened.name());
      err.println("train: " + opened.describe());
      try (TrainingDisplay display = new TrainingDisplay(err);
          StopSignal stop = new StopSignal();
          Trainer trainer = new Trainer(opened, data, run.settings(), run, display)) {
        return trainer.train(stop::requested) != Trainer.Outcome.INTERRUPTED;
      }
    }
  }

  /** The tuned preset in as many epochs as take a few minutes. */
  private Settings settings() {
    return Settings.of(Preset.TUNED).with(Key.EPOCHS, epochs);
  }

  private void evaluate(Dataset data, Path folder) throws IOException {
    RunFolder run = RunFolder.open(folder);
    PrintWriter text = spec.commandLine().getOut();
    try (Backend opened = backend.open();
        TrainedModel model = TrainedModel.open(opened, run, data)) {
      text.println();
      ResultTable.evaluate(
              data,
              model,
              EvaluationOptions.sampled(Part.TEST, NEGATIVES),
              folder.resolve("ranks-test-" + NEGATIVES + ".tsv"))
          .text()
          .forEach(text::println);
    }
  }

  /** Some developers, what they touched last, what the model suggests, and what came next. */
  private void recommend(Path folder) throws IOException {
    PrintWriter text = spec.commandLine().getOut();
    try (Recommender recommender =
        Recommender.open(folder, null, backend.name(), backend.options())) {
      Dataset data = recommender.data();
      for (int example = 0; example < EXAMPLES; example++) {
        int user = (2 * example + 1) * data.users() / (2 * EXAMPLES);
        int last = data.userEnd(user) - 1;
        List<String> history =
            IntStream.range(data.userBegin(user), last)
                .mapToObj(event -> data.itemId(data.item(event)))
                .toList();
        text.printf("%nDeveloper-year %s, last files touched:%n", data.userId(user));
        for (int event = Math.max(data.userBegin(user), last - SHOWN); event < last; event++) {
          text.println("          " + data.itemName(data.item(event)));
        }
        Recommendation answer = recommender.recommend(history, SHOWN);
        text.println("Suggested next:");
        RecommendCommand.table(answer).forEach(text::println);
        text.println("Touched next: " + data.itemName(data.item(last)));
      }
    }
  }
}
