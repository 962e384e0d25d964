package io.mgnm.matrix;

import io.mgnm.cli.MgnmCommand;
import io.mgnm.cli.Subcommand;
import io.mgnm.data.BadInputException;
import io.mgnm.ops.BackendProvider;
import io.mgnm.ops.Backends;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mgnm report}: what there is to know of a GPU that nothing has run on yet, in one file. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "Run doctor, the matrix, the benchmarks and the demo on this machine's GPU, and write what",
      "they say into one file, to be sent to the makers. Takes some minutes."
    },
    footer = {"", "The exit code is 1 where something failed; the file says what."})
public final class ReportCommand implements Subcommand {
  @Option(names = "--out", paramLabel = "FILE", required = true, description = "Markdown, written")
  private Path file;

  @Option(
      names = "--quick",
      description = "one size of each operation, one small step and no demo: a first look")
  private boolean quick;

  @Spec private CommandSpec spec;

  private final List<Section> sections = new ArrayList<>();

  /** A command, what it said, its exit code, and how long it took. */
  private record Section(String command, String said, int code, double seconds) {

    String line() {
      return "| `mgnm %s` | %s | %.0f |%n"
          .formatted(command, code == MgnmCommand.OK ? "passed" : "failed, " + code, seconds);
    }

    String text() {
      return "%n## mgnm %s%n%n```%n%s%n```%n".formatted(command, said.strip());
    }
  }

  @Override
  public Integer call() throws IOException {
    Path demo = file.resolveSibling(file.getFileName() + ".demo");
    if (!quick && Files.exists(demo)) {
      throw BadInputException.inFile(
          demo, "no demo of an earlier report", "one", "remove it, or name another --out");
    }
    run("doctor");
    if (cudaRuns()) {
      onTheGpu(demo);
    }
    boolean passed =
        cudaRuns() && sections.stream().allMatch(section -> section.code() == MgnmCommand.OK);
    PrintWriter out = spec.commandLine().getOut();
    out.println("report: " + file + (cudaRuns() ? "" : ": CUDA cannot run here; it says why"));
    return passed ? MgnmCommand.OK : MgnmCommand.FAILURE;
  }

  private void onTheGpu(Path demo) throws IOException {
    if (quick) {
      run("matrix", "--device", "cuda", "--filter", "/2/ /cuda");
      run(
          "bench",
          "step",
          "--backend",
          "cuda",
          "--seconds",
          "1",
          "--only",
          "demo",
          "--histories",
          "2");
      return;
    }
    run("matrix", "--device", "cuda", "--filter", "/cuda");
    run("bench", "step", "--backend", "cuda");
    run("bench", "score", "--backend", "cuda");
    run("demo", "--backend", "cuda", "--out", demo.toString());
  }

  private static boolean cudaRuns() {
    return Backends.providers().stream()
        .filter(provider -> provider.name().equals("cuda"))
        .map(BackendProvider::availability)
        .anyMatch(BackendProvider.Availability::available);
  }

  /** Runs a command, and writes all that is known so far: what comes next may end the process. */
  private void run(String... arguments) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String command = String.join(" ", arguments);
    out.println("report: mgnm " + command);
    out.flush();
    StringWriter said = new StringWriter();
    PrintWriter to = new PrintWriter(said);
    long begin = System.nanoTime();
    int code = MgnmCommand.commandLine().setOut(to).setErr(to).execute(arguments);
    sections.add(new Section(command, said.toString(), code, (System.nanoTime() - begin) * 1e-9));
    Files.writeString(file, text());
  }

  private String text() {
    StringBuilder text = new StringBuilder("# MGNM on this machine\n\n");
    text.append(Instant.now().truncatedTo(ChronoUnit.SECONDS)).append("\n\n");
    text.append("| command | | seconds |\n| --- | --- | ---: |\n");
    sections.forEach(section -> text.append(section.line()));
    sections.forEach(section -> text.append(section.text()));
    return text.toString();
  }
}
