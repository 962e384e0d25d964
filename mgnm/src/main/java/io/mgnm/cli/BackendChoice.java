package io.mgnm.cli;

import io.mgnm.data.BadInputException;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that choose what runs the operations, for every command that needs a backend. */
final class BackendChoice {
  @Option(
      names = "--backend",
      paramLabel = "B",
      defaultValue = "auto",
      showDefaultValue = picocli.CommandLine.Help.Visibility.ALWAYS,
      description = "auto, cuda, cpu or reference (slow: for comparing)")
  private String name;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads of the CPU backend (default: all cores); the result is the same")
  private Integer threads;

  @Option(
      names = "--cuda-graphs",
      paramLabel = "on|off",
      defaultValue = "on",
      description =
          "whether CUDA runs a step as one graph (default) or launch by launch, to look into it; the"
              + " result is the same")
  private String cudaGraphs;

  /**
   * What was asked for.
   *
   * @throws BadInputException where no backend has that name
   */
  String name() {
    List<String> names = new ArrayList<>(List.of("auto"));
    Backends.providers().forEach(provider -> names.add(provider.name()));
    if (!names.contains(name)) {
      throw BadInputException.option(
          "--backend to be one of " + String.join(", ", names),
          BadInputException.quote(name),
          "choose one of them; mgnm doctor says which run here.");
    }
    return name;
  }

  BackendOptions options() {
    if (threads != null && threads < 1) {
      throw BadInputException.option(
          "--threads to be at least 1", threads.toString(), "leave it out to use all cores.");
    }
    if (!List.of("on", "off").contains(cudaGraphs)) {
      throw BadInputException.option(
          "--cuda-graphs to be on or off", BadInputException.quote(cudaGraphs), "choose one.");
    }
    int count = threads == null ? BackendOptions.defaults().threads() : threads;
    return new BackendOptions(count, cudaGraphs.equals("on"));
  }

  /**
   * Opens it.
   *
   * @throws BadInputException where no backend has that name
   * @throws io.mgnm.ops.BackendUnavailableException where it cannot run here, with the reason
   */
  Backend open() {
    return Backends.open(name(), options());
  }
}
