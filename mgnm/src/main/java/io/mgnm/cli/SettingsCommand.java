package io.mgnm.cli;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import java.util.Arrays;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mgnm settings}: what {@code train --set} takes. */
@Command(
    name = "settings",
    mixinStandardHelpOptions = true,
    description = "Print every setting: a preset as YAML for --config, or all of them as a table.")
public final class SettingsCommand implements Subcommand {
  @Option(names = "--preset", paramLabel = "P", description = "print this preset as YAML")
  private String preset;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    if (preset != null) {
      out.print(Settings.of(Preset.named(preset)).toYaml());
    } else {
      table().forEach(out::println);
    }
    return MgnmCommand.OK;
  }

  /** A Markdown table of all settings and what the presets change. */
  static Stream<String> table() {
    Stream<String> head =
        Stream.of("| setting | default | may be | meaning |", "| --- | --- | --- | --- |");
    Stream<String> rows =
        Arrays.stream(Key.values())
            .map(
                key ->
                    "| `%s` | %s | %s | %s |"
                        .formatted(key.key(), key.initial(), key.kind().describe(), key.meaning()));
    Stream<String> presets =
        Arrays.stream(Preset.values())
            .filter(p -> p != Preset.DEFAULT)
            .flatMap(
                p ->
                    Arrays.stream(Key.values())
                        .filter(p.overrides()::containsKey)
                        .map(
                            key ->
                                "| `%s` | `%s` | %s | %s |"
                                    .formatted(
                                        p.key(),
                                        key.key(),
                                        key.initial(),
                                        p.overrides().get(key))));
    return Stream.of(
            head,
            rows,
            Stream.of("", "| preset | setting | default has | preset has |"),
            Stream.of("| --- | --- | --- | --- |"),
            presets)
        .flatMap(lines -> lines);
  }
}
