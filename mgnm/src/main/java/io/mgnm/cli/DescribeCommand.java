package io.mgnm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.mgnm.data.Dataset;
import io.mgnm.data.Manifest;
import io.mgnm.data.SequenceLengths;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mgnm describe}: what a prepared dataset holds. */
@Command(
    name = "describe",
    mixinStandardHelpOptions = true,
    description = "Print what a prepared dataset holds, and check its files.")
public final class DescribeCommand implements Subcommand {
  @Parameters(paramLabel = "DIR", description = "a prepared dataset")
  private Path folder;

  @Option(names = "--json", description = "print one JSON object: manifest and lengths")
  private boolean json;

  @Spec private CommandSpec spec;

  /** What {@code --json} prints. */
  record Description(Manifest manifest, SequenceLengths lengths) {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Dataset dataset = Dataset.open(folder)) {
      SequenceLengths lengths = SequenceLengths.of(dataset);
      if (json) {
        out.println(
            new ObjectMapper()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValueAsString(new Description(dataset.manifest(), lengths)));
      } else {
        DatasetText.summary(dataset.manifest()).forEach(out::println);
        DatasetText.lengths(lengths).forEach(out::println);
        DatasetText.origin(dataset.manifest()).forEach(out::println);
      }
    }
    return MgnmCommand.OK;
  }
}
