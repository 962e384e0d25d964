package io.mgnm.data;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@link DatasetPreparation} is asked to do.
 *
 * @param format whether files are tables or sequences, or to be recognised
 * @param columns names of the columns
 * @param ratings which ratings count as interactions
 * @param kCore users and items with fewer than this many interactions are removed, repeatedly; 0
 *     for none
 * @param minItems users with fewer interactions are removed last; at least 2, since a sample needs
 *     a history and a target
 * @param split how samples are divided
 * @param itemNames a table with an item and a name column, or null
 * @param threads threads of the database
 * @param memoryMegabytes what the database may hold in memory before it spills to disk
 */
public record PrepareOptions(
    Format format,
    Columns columns,
    Ratings ratings,
    int kCore,
    int minItems,
    Split split,
    Path itemNames,
    int threads,
    int memoryMegabytes) {

  /** How a file is read. */
  public enum Format {
    AUTO,
    /** A header and columns: CSV, TSV, {@code .inter}, Parquet, JSON Lines. */
    TABLE,
    /** A line per user: {@code user item item ...}, in order. */
    SEQUENCES
  }

  /** Column names; null where the name is to be recognised. */
  public record Columns(String user, String item, String time, String rating) {
    /** All four recognised by their usual names. */
    public static final Columns RECOGNISED = new Columns(null, null, null, null);
  }

  /**
   * Which ratings are kept where there is a rating column.
   *
   * @param bound kept at or above it, or only above it
   * @param inclusive whether the bound itself is kept
   * @param required whether a file without ratings is an error: someone asked for the filter
   */
  public record Ratings(double bound, boolean inclusive, boolean required) {
    /** Above 2 where there are ratings: the protocol's default. */
    public static final Ratings ABOVE_TWO = new Ratings(2, false, false);

    /** Every rating; a rating column is not read. */
    public static final Ratings ALL = new Ratings(Double.NEGATIVE_INFINITY, true, false);

    /** At least {@code bound}; a file without ratings is an error. */
    public static Ratings atLeast(double bound) {
      return new Ratings(bound, true, true);
    }

    /** True where the rating column is not looked at. */
    public boolean keepsAll() {
      return bound == Double.NEGATIVE_INFINITY;
    }

    /** The filter as a comparison, such as {@code > 2}. */
    public String label() {
      return keepsAll() ? "all" : (inclusive ? ">= " : "> ") + bound;
    }
  }

  public PrepareOptions {
    require(kCore >= 0, "--k-core of at least 0", kCore);
    require(minItems >= 2, "--min-items of at least 2 (a history and a target)", minItems);
    require(threads >= 1, "--threads of at least 1", threads);
    require(memoryMegabytes >= 256, "--memory of at least 256 MB", memoryMegabytes);
    if (Double.isNaN(ratings.bound())) {
      throw BadInputException.option("a number for --min-rating", "NaN", "give a finite number");
    }
  }

  private static void require(boolean holds, String expected, int found) {
    if (!holds) {
      throw BadInputException.option(expected, String.valueOf(found), "change the option");
    }
  }

  /** Recognise everything, ratings above 2, no k-core, leave-one-out, all cores, 1.5 GB. */
  public static PrepareOptions defaults() {
    return new PrepareOptions(
        Format.AUTO,
        Columns.RECOGNISED,
        Ratings.ABOVE_TWO,
        0,
        2,
        new Split.LeaveOneOut(),
        null,
        Runtime.getRuntime().availableProcessors(),
        1536);
  }

  /** These options with another format. */
  public PrepareOptions withFormat(Format value) {
    return new PrepareOptions(
        value, columns, ratings, kCore, minItems, split, itemNames, threads, memoryMegabytes);
  }

  /** These options with other column names. */
  public PrepareOptions withColumns(Columns value) {
    return new PrepareOptions(
        format, value, ratings, kCore, minItems, split, itemNames, threads, memoryMegabytes);
  }

  /** These options with another rating filter. */
  public PrepareOptions withRatings(Ratings value) {
    return new PrepareOptions(
        format, columns, value, kCore, minItems, split, itemNames, threads, memoryMegabytes);
  }

  /** These options with other limits on how few interactions a user or item may have. */
  public PrepareOptions withLimits(int kCore, int minItems) {
    return new PrepareOptions(
        format, columns, ratings, kCore, minItems, split, itemNames, threads, memoryMegabytes);
  }

  /** These options with another split. */
  public PrepareOptions withSplit(Split value) {
    return new PrepareOptions(
        format, columns, ratings, kCore, minItems, value, itemNames, threads, memoryMegabytes);
  }

  /** These options with a table of item names. */
  public PrepareOptions withItemNames(Path value) {
    return new PrepareOptions(
        format, columns, ratings, kCore, minItems, split, value, threads, memoryMegabytes);
  }

  /** These options with other resources for the database. */
  public PrepareOptions withResources(int threads, int memoryMegabytes) {
    return new PrepareOptions(
        format, columns, ratings, kCore, minItems, split, itemNames, threads, memoryMegabytes);
  }

  /** The table of item names, if there is one. */
  public Optional<Path> itemNamesFile() {
    return Optional.ofNullable(itemNames);
  }
}
