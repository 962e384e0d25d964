package io.mgnm.cli;

import io.mgnm.data.DatasetPreparation;
import io.mgnm.data.Manifest;
import io.mgnm.data.PrepareOptions;
import io.mgnm.data.PrepareOptions.Ratings;
import io.mgnm.data.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mgnm prepare}: interactions to a prepared dataset. */
@Command(
    name = "prepare",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Turn tables or sequences of interactions into a prepared dataset.",
    footer = {
      "",
      "Tables are CSV, TSV, RecBole .inter, Parquet or JSON Lines, also .gz, with a header.",
      "Columns are recognised by usual names (user_id, item, timestamp, rating, ...).",
      "Sequences have a line per user: user item item ..., in order of time.",
      "Times are integers, floats, dates or timestamps; ids have at most 4,096 bytes.",
      "Order is (time, row of the file); repeated interactions are kept."
    })
public final class PrepareCommand implements Subcommand {
  @Parameters(arity = "1..*", paramLabel = "FILE", description = "tables, or sequences")
  private List<Path> files;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder to create")
  private Path out;

  @Option(
      names = "--format",
      paramLabel = "F",
      defaultValue = "auto",
      description = "auto, table or sequences")
  private PrepareOptions.Format format;

  @Option(
      names = "--split",
      paramLabel = "S",
      defaultValue = "leave-one-out",
      description = "ratio (7:1:2 over all samples in time), time (see --cut) or leave-one-out")
  private String split;

  @Option(
      names = "--cut",
      paramLabel = "T1,T2",
      description = "for --split time: validation begins at T1, test at T2")
  private String cut;

  @Option(names = "--user", paramLabel = "C", description = "name of the user column")
  private String user;

  @Option(names = "--item", paramLabel = "C", description = "name of the item column")
  private String item;

  @Option(names = "--time", paramLabel = "C", description = "name of the time column")
  private String time;

  @Option(names = "--rating", paramLabel = "C", description = "name of the rating column")
  private String rating;

  @Option(
      names = "--min-rating",
      paramLabel = "R",
      description =
          "keep ratings of at least R; without it, those above 2 where there is a rating column")
  private Double minRating;

  @Option(names = "--all-ratings", description = "do not read a rating column: keep every row")
  private boolean allRatings;

  @Option(
      names = "--k-core",
      paramLabel = "K",
      defaultValue = "0",
      description = "remove users and items with fewer interactions, until none is left")
  private int kCore;

  @Option(
      names = "--min-items",
      paramLabel = "N",
      defaultValue = "2",
      description = "then remove users with fewer interactions")
  private int minItems;

  @Option(
      names = "--item-names",
      paramLabel = "FILE",
      description = "a table with an item and a name (or title, path) column")
  private Path itemNames;

  @Option(names = "--threads", paramLabel = "N", description = "default: all cores")
  private Integer threads;

  @Option(
      names = "--memory",
      paramLabel = "MB",
      defaultValue = "1536",
      description = "what the database holds before it spills to disk beside DIR")
  private int memory;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    var err = spec.commandLine().getErr();
    Manifest manifest =
        new DatasetPreparation(options(), step -> err.println("prepare: " + step))
            .prepare(files, out);
    DatasetText.summary(manifest).forEach(spec.commandLine().getOut()::println);
    return MgnmCommand.OK;
  }

  private PrepareOptions options() {
    if (allRatings && minRating != null) {
      throw new picocli.CommandLine.ParameterException(
          spec.commandLine(), "--min-rating and --all-ratings exclude each other");
    }
    Ratings ratings = allRatings ? Ratings.ALL : Ratings.ABOVE_TWO;
    if (minRating != null) {
      ratings = Ratings.atLeast(minRating);
    }
    PrepareOptions defaults = PrepareOptions.defaults();
    return defaults
        .withFormat(format)
        .withColumns(new PrepareOptions.Columns(user, item, time, rating))
        .withRatings(ratings)
        .withLimits(kCore, minItems)
        .withSplit(Split.parse(split, cut))
        .withItemNames(itemNames)
        .withResources(threads == null ? defaults.threads() : threads, memory);
  }
}
