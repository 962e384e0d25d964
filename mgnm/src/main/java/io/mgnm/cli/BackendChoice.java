package io.mgnm.cli;

import io.mgnm.ops.BackendOptions;
import picocli.CommandLine.Option;

/** The options that choose what runs the operations, for every command that needs a backend. */
final class BackendChoice {
  @Option(
      names = "--backend",
      paramLabel = "B",
      defaultValue = "auto",
      showDefaultValue = picocli.CommandLine.Help.Visibility.ALWAYS,
      description = "auto, cuda, cpu or reference (slow: for comparing)")
  String name;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads of the CPU backend (default: all cores); the result is the same")
  Integer threads;

  BackendOptions options() {
    return threads == null ? BackendOptions.defaults() : new BackendOptions(threads);
  }
}
