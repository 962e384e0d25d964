package io.mgnm.cli;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.ops.Backend;
import io.mgnm.train.RunFolder;
import io.mgnm.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mgnm train}: a prepared dataset to a run. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = "Train a model on a prepared dataset.",
    footer = {
      "",
      "Ctrl-C saves and ends; the same command with --resume goes on to the same bits.",
      "Settings: see docs/settings.md, or give a wrong one to be told the nearest."
    })
public final class TrainCommand implements Subcommand {
  @Parameters(paramLabel = "DIR", description = "a prepared dataset")
  private Path folder;

  @Option(names = "--out", required = true, paramLabel = "RUN", description = "folder to create")
  private Path out;

  @Option(names = "--resume", description = "go on with RUN where its last checkpoint stands")
  private boolean resume;

  @ArgGroup(exclusive = false)
  private SettingsChoice choice;

  @Option(names = "--epochs", paramLabel = "N", description = "short for training.epochs")
  private Integer epochs;

  @Mixin private BackendChoice backend;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Settings settings = null;
    if (!resume) {
      settings = withEpochs(SettingsChoice.settings(choice)).check();
    } else if (choice != null) {
      throw BadInputException.option(
          "only --epochs, --backend, --threads and --cuda-graphs beside --resume",
          "--config, --preset or --set",
          "leave them out: the run keeps its settings");
    }
    try (Dataset data = Dataset.open(folder);
        Backend opened = backend.open()) {
      RunFolder run =
          resume
              ? RunFolder.resume(out, data, this::withEpochs)
              : RunFolder.create(out, data, settings, opened.name());
      err.println("train: " + opened.describe());
      try (TrainingDisplay display = new TrainingDisplay(err);
          StopSignal stop = new StopSignal();
          Trainer trainer = new Trainer(opened, data, run.settings(), run, display)) {
        if (trainer.parts() > 1) {
          err.printf(
              "train: a batch of %d goes through the device in %d parts, to fit its memory%n",
              run.settings().integer(Key.BATCH), trainer.parts());
        }
        Trainer.Outcome outcome = trainer.train(stop::requested);
        display.close();
        err.println(sentence(outcome, trainer));
      }
    }
    return MgnmCommand.OK;
  }

  private Settings withEpochs(Settings settings) {
    return epochs == null ? settings : settings.with(Key.EPOCHS, epochs);
  }

  private String sentence(Trainer.Outcome outcome, Trainer trainer) {
    String best =
        "best epoch %d, validation NDCG@5 %.4f"
            .formatted(trainer.progress().bestEpoch(), trainer.progress().bestNdcg());
    return switch (outcome) {
      case FINISHED -> "train: done; " + best;
      case STOPPED_EARLY -> "train: stopped early, validation no longer improves; " + best;
      case INTERRUPTED ->
          "train: interrupted at step %d and saved; go on with: mgnm train %s --out %s --resume"
              .formatted(trainer.progress().step(), folder, out);
    };
  }
}
