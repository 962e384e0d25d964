package io.mgnm.cli;

import io.mgnm.ops.BackendProvider;
import io.mgnm.ops.BackendProvider.Availability;
import io.mgnm.ops.BackendProvider.Finding;
import io.mgnm.ops.Backends;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code mgnm doctor}: what runs here, what does not, why, and what would help. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description =
        "Say which backends run here, what was looked for and found, and what to install.")
public final class DoctorCommand implements Subcommand {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "Java %s, %s on %s%n",
        Runtime.version(), System.getProperty("os.name"), System.getProperty("os.arch"));
    List<BackendProvider> providers = Backends.providers();
    for (BackendProvider provider : providers) {
      describe(provider, out);
    }
    Optional<BackendProvider> chosen =
        providers.stream()
            .filter(p -> p.priority() >= 0 && p.availability().available())
            .findFirst();
    out.println();
    out.println(
        chosen
            .map(p -> "--backend auto takes " + p.name() + ".")
            .orElse("--backend auto finds nothing that runs here; see above what to install."));
    return chosen.isPresent() ? MgnmCommand.OK : MgnmCommand.FAILURE;
  }

  private static void describe(BackendProvider provider, PrintWriter out) {
    Availability availability = provider.availability();
    out.println();
    out.println(provider.name() + (availability.available() ? ": runs here" : ": cannot run here"));
    for (Finding finding : provider.describe()) {
      out.printf(
          "  %s  %s: %s%n", finding.found() ? "yes" : "no ", finding.what(), finding.detail());
    }
    if (!availability.available()) {
      out.println("  so: " + availability.detail());
    }
  }
}
