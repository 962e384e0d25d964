package io.mgnm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.mgnm.recommend.Recommendation;
import io.mgnm.recommend.Recommender;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mgnm recommend}: items for a user of the data, or after a history. */
@Command(
    name = "recommend",
    mixinStandardHelpOptions = true,
    description = "Recommend items for a user of the data, or after a history of items.")
public final class RecommendCommand implements Subcommand {
  @Parameters(paramLabel = "RUN", description = "the folder of a run")
  private Path folder;

  @ArgGroup(multiplicity = "1")
  private Whom whom;

  /** Either a user or a history. */
  static final class Whom {
    @Option(names = "--user", paramLabel = "ID", description = "a user of the data")
    private String user;

    @Option(
        names = "--history",
        split = ",",
        paramLabel = "ITEM",
        description = "item ids, oldest first: a,b,c")
    private List<String> history;
  }

  @Option(
      names = "--k",
      paramLabel = "N",
      defaultValue = "10",
      showDefaultValue = Visibility.ALWAYS,
      description = "items to recommend")
  private int k;

  @Option(names = "--include-seen", description = "items of the history may be named again")
  private boolean includeSeen;

  @Option(names = "--data", paramLabel = "DIR", description = "where the data set is now")
  private Path data;

  @Option(names = "--json", description = "print one JSON object")
  private boolean json;

  @Mixin private BackendChoice backend;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Recommender recommender =
        Recommender.open(folder, data, backend.name(), backend.options())) {
      Recommendation answer =
          whom.user != null
              ? recommender.recommendForUser(whom.user, k, includeSeen)
              : recommender.recommend(whom.history, k, includeSeen);
      if (json) {
        out.println(
            new ObjectMapper()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValueAsString(answer));
      } else {
        table(answer).forEach(out::println);
      }
    }
    return MgnmCommand.OK;
  }

  /** A line an item, with the level and interest behind its score. */
  static Stream<String> table(Recommendation answer) {
    Stream<String> unknown =
        answer.unknown().isEmpty()
            ? Stream.empty()
            : Stream.of("left out, not in the data: " + String.join(", ", answer.unknown()));
    Stream<String> header = Stream.of("   score  level  interest  item");
    Stream<String> items =
        answer.items().stream()
            .map(
                item ->
                    "%8.3f  %5d  %8d  %s"
                        .formatted(
                            item.score(),
                            item.level(),
                            item.interest(),
                            item.name() == null
                                ? item.id()
                                : item.name() + " (" + item.id() + ")"));
    return Stream.of(unknown, header, items).flatMap(lines -> lines);
  }
}
