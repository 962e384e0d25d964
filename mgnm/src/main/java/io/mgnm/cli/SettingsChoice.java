package io.mgnm.cli;

import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that choose settings; what goes on with {@code --resume} keeps what it has. */
final class SettingsChoice {
  @Option(names = "--config", paramLabel = "F", description = "YAML file of settings")
  private Path config;

  @Option(
      names = "--preset",
      paramLabel = "P",
      completionCandidates = PresetNames.class,
      description = "what --config and --set start from: ${COMPLETION-CANDIDATES}")
  private String preset;

  @Option(names = "--set", paramLabel = "K=V", description = "one setting; may be repeated")
  private List<String> assignments;

  /** Those that there are, for the help. */
  static final class PresetNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(Preset.values()).map(Preset::key).iterator();
    }
  }

  /**
   * The settings of a choice, or of none.
   *
   * @throws io.mgnm.config.SettingsException where one cannot be
   */
  static Settings settings(SettingsChoice choice) {
    SettingsChoice own = choice == null ? new SettingsChoice() : choice;
    Settings settings = Settings.of(own.preset == null ? Preset.DEFAULT : Preset.named(own.preset));
    if (own.config != null) {
      settings = settings.with(own.config);
    }
    if (own.assignments != null) {
      for (String assignment : own.assignments) {
        settings = settings.with(assignment);
      }
    }
    return settings;
  }
}
