package io.mgnm.cli;

import io.mgnm.config.SettingsException;
import io.mgnm.data.BadInputException;
import io.mgnm.ops.BackendUnavailableException;
import java.io.PrintWriter;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command {@code mgnm}: finds its subcommands, runs one, and turns failures into exit codes.
 */
@Command(
    name = "mgnm",
    description = "Train and serve MGNM, a sequential recommender, on CPU or GPU.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    version = "mgnm 0.1.0")
public final class MgnmCommand {
  /** Everything went well. */
  public static final int OK = CommandLine.ExitCode.OK;

  /** The program or the machine failed. */
  public static final int FAILURE = CommandLine.ExitCode.SOFTWARE;

  /** The user's input, a file or an option, cannot be used. */
  public static final int BAD_INPUT = CommandLine.ExitCode.USAGE;

  /** Runs the command line and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The command line with all subcommands, writing to the standard streams. */
  public static CommandLine commandLine() {
    CommandLine line = new CommandLine(new MgnmCommand());
    line.addSubcommand(new DemoCommand());
    line.addSubcommand(new PrepareCommand());
    line.addSubcommand(new DescribeCommand());
    line.addSubcommand(new SynthesizeCommand());
    line.addSubcommand(new TrainCommand());
    line.addSubcommand(new TuneCommand());
    line.addSubcommand(new EvaluateCommand());
    line.addSubcommand(new RecommendCommand());
    line.addSubcommand(new SettingsCommand());
    line.addSubcommand(new DoctorCommand());
    ServiceLoader.load(Subcommand.class).forEach(line::addSubcommand);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler(MgnmCommand::explain);
    return line;
  }

  private static int explain(
      Exception exception, CommandLine line, CommandLine.ParseResult parsed) {
    PrintWriter err = line.getErr();
    if (exception instanceof BadInputException || exception instanceof SettingsException) {
      err.println("mgnm: " + exception.getMessage());
      return BAD_INPUT;
    }
    if (exception instanceof BackendUnavailableException) {
      err.println("mgnm: " + exception.getMessage());
      err.println("`mgnm doctor` says what was looked for, and where.");
      return BAD_INPUT;
    }
    err.println("mgnm: " + line.getCommandName() + " failed: " + exception.getMessage());
    exception.printStackTrace(err);
    return FAILURE;
  }
}
