package io.mgnm.cli;

import io.mgnm.data.SyntheticInteractions;
import io.mgnm.data.SyntheticTable;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mgnm synthesize}: a table of interactions with planted interests. */
@Command(
    name = "synthesize",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Write a table of made-up interactions with planted interests, for `prepare`.",
    footer = {
      "",
      "Items belong to interests. A user has a few interests, stays with one for a while, and now",
      "and then swaps one for another. Popularity and lengths have long tails. Every item occurs.",
      "The same options and seed give the same table."
    })
public final class SynthesizeCommand implements Subcommand {
  @Option(names = "--users", required = true, paramLabel = "N")
  private int users;

  @Option(names = "--items", required = true, paramLabel = "N")
  private int items;

  @Option(names = "--interactions", required = true, paramLabel = "N")
  private long interactions;

  @Option(
      names = "--interests",
      paramLabel = "N",
      description = "default: items / 50, at least those of a user")
  private Integer interests;

  @Option(
      names = "--interests-per-user",
      paramLabel = "N",
      defaultValue = "4",
      description = "how many interests a user has at a time")
  private int interestsPerUser;

  @Option(
      names = "--drift",
      paramLabel = "P",
      defaultValue = "0.02",
      description = "chance at each event that one interest is swapped")
  private double drift;

  @Option(
      names = "--noise",
      paramLabel = "P",
      defaultValue = "0.1",
      description = "chance that an event follows none of the user's interests")
  private double noise;

  @Option(
      names = "--popularity",
      paramLabel = "S",
      defaultValue = "0.9",
      description = "exponent of the popularity of interests, and of items in an interest")
  private double popularity;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "1")
  private long seed;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "table to create: .tsv, .tsv.gz or .parquet")
  private Path out;

  @Option(
      names = "--item-names",
      paramLabel = "FILE",
      description = "also write item, name, interest: the truth that was planted (.tsv, .tsv.gz)")
  private Path itemNames;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    SyntheticInteractions synthetic =
        new SyntheticInteractions(
            new SyntheticInteractions.Options(
                users,
                items,
                interactions,
                interests == null ? Math.max(interestsPerUser, items / 50) : interests,
                interestsPerUser,
                drift,
                noise,
                popularity,
                seed));
    SyntheticTable.write(synthetic, out, itemNames);
    spec.commandLine().getOut().printf("wrote %,d interactions to %s%n", interactions, out);
    return MgnmCommand.OK;
  }
}
