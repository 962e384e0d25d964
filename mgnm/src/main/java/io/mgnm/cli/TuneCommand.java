package io.mgnm.cli;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.ops.Backend;
import io.mgnm.tune.Search;
import io.mgnm.tune.SearchFolder;
import io.mgnm.tune.SearchSpace;
import io.mgnm.tune.TrialResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mgnm tune}: a prepared dataset to settings that suit it. */
@Command(
    name = "tune",
    mixinStandardHelpOptions = true,
    description = "Search for settings that suit a prepared dataset.",
    footer = {
      "",
      "Settings are drawn at random from a space. All trials train for a ninth of training.epochs, the",
      "better third for a third of them, the better third of those to the end. Only the validation",
      "part decides. FOLDER/best.yaml has the best settings for train --config, FOLDER/trials.jsonl",
      "what each trial reached, FOLDER/trial-001 and so on are runs for evaluate and recommend.",
      "Ctrl-C, or --time, saves and ends; the same --out with --resume goes on to the same end."
    })
public final class TuneCommand implements Subcommand {
  private static final int SHOWN = 5;

  @Parameters(paramLabel = "DIR", description = "a prepared dataset")
  private Path folder;

  @Option(names = "--out", required = true, paramLabel = "FOLDER", description = "folder to create")
  private Path out;

  @Option(
      names = "--trials",
      paramLabel = "N",
      defaultValue = "27",
      showDefaultValue = Visibility.ALWAYS,
      description = "settings to try")
  private int trials;

  @Option(
      names = "--time",
      paramLabel = "T",
      description = "such as 45s, 30m or 1h30m: saves and ends after it, wherever it stands")
  private String time;

  @Option(names = "--resume", description = "go on with FOLDER, perhaps to more --trials")
  private boolean resume;

  @Option(
      names = "--space",
      paramLabel = "F",
      description = "YAML file of settings and their values instead of the usual ones")
  private Path space;

  @Option(names = "--epochs", paramLabel = "N", description = "short for training.epochs")
  private Integer epochs;

  @ArgGroup(exclusive = false)
  private SettingsChoice choice;

  @Mixin private BackendChoice backend;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    long begin = System.nanoTime();
    Duration allowed = allowed();
    if (trials < 1) {
      throw BadInputException.option(
          "--trials to be at least 1", Integer.toString(trials), "take some dozens");
    }
    SearchSpace searched = null;
    Settings base = null;
    if (!resume) {
      searched = space == null ? SearchSpace.committed() : SearchSpace.read(space);
      base = base();
      searched.trials(base, trials); // refuses what cannot be before anything is made
    } else if (choice != null || space != null || epochs != null) {
      throw BadInputException.option(
          "only --trials, --time, --backend, --threads and --cuda-graphs beside --resume",
          "--space, --epochs, --config, --preset or --set",
          "leave them out: the search keeps its own");
    }
    try (Dataset data = Dataset.open(folder);
        Backend opened = backend.open()) {
      SearchFolder made =
          resume ? SearchFolder.resume(out, data) : SearchFolder.create(out, data, base, searched);
      PrintWriter err = spec.commandLine().getErr();
      err.println("tune: " + opened.describe());
      try (TuningDisplay display = new TuningDisplay(err);
          StopSignal signal = new StopSignal()) {
        Search search = new Search(opened, data, made, trials, display);
        display.show(search);
        BooleanSupplier stop =
            () ->
                signal.requested()
                    || (allowed != null && System.nanoTime() - begin > allowed.toNanos());
        boolean done = search.run(stop);
        display.close();
        report(search, made, done);
      }
    }
    return MgnmCommand.OK;
  }

  private Settings base() {
    Settings base = SettingsChoice.settings(choice);
    if (epochs != null) {
      base = base.with(Key.EPOCHS, epochs);
    }
    if (base.integer(Key.EPOCHS) == 0) {
      throw BadInputException.option(
          "training.epochs to be at least 1", "0", "trials are compared by what they learn");
    }
    return base;
  }

  private Duration allowed() {
    if (time == null) {
      return null;
    }
    try {
      Duration parsed = Duration.parse("PT" + time.strip().toUpperCase(Locale.ROOT));
      if (parsed.isPositive()) {
        return parsed;
      }
    } catch (DateTimeParseException e) {
      // refused below, like one that is no time
    }
    throw BadInputException.option(
        "--time to be such as 45s, 30m or 1h30m", BadInputException.quote(time), "give one");
  }

  private void report(Search search, SearchFolder made, boolean done) {
    List<TrialResult> best = search.best();
    PrintWriter text = spec.commandLine().getOut();
    TrialTable.of(best, SHOWN).forEach(text::println);
    text.flush();
    PrintWriter err = spec.commandLine().getErr();
    Map<Integer, String> failures = search.failures();
    if (!failures.isEmpty()) {
      err.printf(
          "tune: %d trials failed, such as trial %d: %s%n",
          failures.size(),
          failures.keySet().iterator().next(),
          failures.values().iterator().next());
    }
    if (!best.isEmpty()) {
      err.printf(
          "tune: best is trial %d, its run %s; train with its settings: mgnm train %s --config %s --out RUN%n",
          best.getFirst().trial(), made.trial(best.getFirst().trial()), folder, made.best());
    }
    if (!done) {
      err.printf(
          "tune: saved before the end; go on with: mgnm tune %s --out %s --trials %d --resume%n",
          folder, out, trials);
    } else if (best.isEmpty()) {
      throw BadInputException.option(
          "a trial that trains",
          "that all of them failed",
          "see the reason above, and search another --space");
    }
  }
}
