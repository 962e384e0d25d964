package io.mgnm.matrix;

import io.mgnm.cli.MgnmCommand;
import io.mgnm.cli.Subcommand;
import io.mgnm.data.BadInputException;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.jcuda.SimulatedLibraries;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/** Any other command in a process whose CUDA device is the simulated one. */
@Command(
    name = "simulate",
    mixinStandardHelpOptions = true,
    customSynopsis = "mgnm simulate [-hV] [--fast] [--compute-capability=C] COMMAND [ITS OPTIONS]",
    description = "Run another command of mgnm on a simulated CUDA device.",
    footer = {
      "",
      "For example: mgnm simulate train DIR --out RUN --backend cuda --epochs 1",
      "What the device finds wrong with the program is printed, and ends with code 1."
    })
public final class SimulateCommand implements Subcommand {
  @Option(
      names = "--compute-capability",
      paramLabel = "C",
      defaultValue = "9.0",
      description = "7.5, 8.6 or 9.0 (default)")
  private String capability;

  @Option(names = "--fast", description = "without the checks inside kernels, and uncounted")
  private boolean fast;

  @Unmatched private List<String> command;

  /** JCuda's natives meet the simulated driver only where nothing has loaded them before. */
  @Override
  public Integer call() throws IOException {
    if (command == null || command.isEmpty()) {
      throw BadInputException.option(
          "a command of mgnm", "none", "for example: mgnm simulate doctor");
    }
    List<String> java = new ArrayList<>();
    java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.addAll(
        List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
    java.addAll(List.of("-XX:+UseG1GC", "-Xlog:disable", "-Dmgnm.cuda.image=ptx"));
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.matches("mgnm\\.(cache|nvrtc)|logback\\.configurationFile"))
        .forEach(name -> java.add("-D" + name + "=" + System.getProperty(name)));
    java.addAll(List.of("-cp", System.getProperty("java.class.path")));
    java.addAll(List.of(OnDevice.class.getName(), capability, Boolean.toString(fast)));
    java.addAll(command);
    try {
      return new ProcessBuilder(java).inheritIO().start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the command ran", e);
    }
  }

  /** The process that has the device. */
  static final class OnDevice {
    private OnDevice() {}

    /**
     * Runs a command on a simulated device and ends the JVM with its exit code.
     *
     * @param arguments compute capability, whether to be fast, and the command line
     */
    public static void main(String[] arguments) {
      System.exit(run(arguments));
    }

    private static int run(String[] arguments) {
      MachineOptions options = MachineOptions.defaults().withCapability(arguments[0]);
      if (Boolean.parseBoolean(arguments[1])) {
        options = options.withChecks(EnumSet.noneOf(Check.class)).withCounting(false);
      }
      Machine machine;
      try {
        machine = SimulatedLibraries.install(options);
      } catch (NativesUnsupportedException e) {
        System.err.println("mgnm: no simulated device: " + e.getMessage());
        return MgnmCommand.FAILURE;
      }
      int code;
      try (machine) {
        code =
            MgnmCommand.commandLine().execute(Arrays.copyOfRange(arguments, 2, arguments.length));
      }
      if (!machine.findings().isEmpty()) {
        System.err.println("mgnm: the simulated device found:\n" + machine.findings());
        return MgnmCommand.FAILURE;
      }
      return code;
    }
  }
}
