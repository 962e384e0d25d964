package io.mgnm.cli;

import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that choose settings; what goes on with {@code --resume} keeps what it has. */
final class SettingsChoice {
  @Option(names = "--config", paramLabel = "F", description = "YAML file of settings")
  private Path config;

  @Option(
      names = "--preset",
      paramLabel = "P",
      description = "default, paper or released-like: what --config and --set start from")
  private String preset;

  @Option(names = "--set", paramLabel = "K=V", description = "one setting; may be repeated")
  private List<String> assignments;

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
