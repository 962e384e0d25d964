package io.mgnm.data;

import io.mgnm.data.RowFaults.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Turns tables or sequences into a prepared dataset: reads, checks every row, filters (ratings,
 * then k-core, then short users), orders by (time, row of the file), splits, and writes the folder.
 *
 * <p>Order never depends on ids, and the same files with the same options give the same bytes.
 */
public final class DatasetPreparation {
  private final PrepareOptions options;
  private final Consumer<String> progress;

  /**
   * A preparation.
   *
   * @param progress told in a few words what is being done now
   */
  public DatasetPreparation(PrepareOptions options, Consumer<String> progress) {
    this.options = options;
    this.progress = progress;
  }

  /** A preparation that says nothing while it works. */
  public DatasetPreparation(PrepareOptions options) {
    this(options, step -> {});
  }

  /** How the rows of all files look together. */
  private record Reading(List<Loaded> files, boolean rated, TimeKind kind) {}

  /**
   * Writes the dataset.
   *
   * @param files the inputs, all tables or all sequences; rows count through them in this order
   * @param out the folder to create; its parents are created where they are missing
   * @return what was written
   * @throws BadInputException where the input cannot be used; nothing is left at {@code out}
   * @throws IOException where the disk or the database fails; nothing is left at {@code out}
   */
  public Manifest prepare(List<Path> files, Path out) throws IOException {
    StagedFolder.requireAbsent(out);
    List<SourceFile> sources = inspect(files);
    try (StagedFolder folder = StagedFolder.create(out)) {
      Path work = Files.createDirectory(folder.path().resolve("work"));
      Manifest manifest;
      try (InteractionDatabase database =
          new InteractionDatabase(work, options.threads(), options.memoryMegabytes())) {
        Reading reading = read(database, sources, work);
        manifest = write(database, reading, folder.path());
      }
      StagedFolder.deleteTree(work);
      progress.accept("renaming to " + out);
      folder.publish();
      return manifest;
    }
  }

  private List<SourceFile> inspect(List<Path> files) throws IOException {
    if (files.isEmpty()) {
      throw BadInputException.option("at least one file", "none", "name the files to prepare");
    }
    ColumnNames columns = new ColumnNames(options.columns());
    Set<Path> seen = new LinkedHashSet<>();
    List<SourceFile> sources = new ArrayList<>();
    for (Path file : files) {
      progress.accept("checking " + file);
      SourceFile source = SourceFile.inspect(file, options.format(), columns);
      if (!seen.add(file.toRealPath())) {
        throw BadInputException.inFile(file, "each file once", "it twice", "name it once");
      }
      boolean sequences = source.kind() == SourceFile.Kind.SEQUENCES;
      if (!sources.isEmpty() && sequences != (sources.get(0).kind() == SourceFile.Kind.SEQUENCES)) {
        throw BadInputException.inFile(
            file,
            source.kind() == SourceFile.Kind.SEQUENCES ? "a table" : "sequences",
            source.kind().label() + ", unlike the files before it",
            "give files of one sort, or say which with --format");
      }
      sources.add(source);
    }
    return sources;
  }

  private Reading read(InteractionDatabase database, List<SourceFile> sources, Path work)
      throws IOException {
    List<Loaded> loaded = new ArrayList<>();
    TableSource.Found columns = new TableSource.Found(false, false);
    for (SourceFile source : sources) {
      progress.accept("reading " + source.path());
      long before = database.rows();
      if (source.kind() == SourceFile.Kind.SEQUENCES) {
        new SequenceSource(source).load(database, loaded.size());
      } else {
        TableSource.Found found =
            new TableSource(source, database, work)
                .loadInteractions(
                    database, new ColumnNames(options.columns()), !options.ratings().keepsAll());
        if (!loaded.isEmpty() && !found.equals(columns)) {
          throw BadInputException.inFile(
              source.path(),
              "the same columns for user, item, time and rating as in the files before it",
              "others",
              "give all files a time and a rating column, or none");
        }
        columns = found;
      }
      long rows = database.rows() - before;
      if (rows == 0) {
        throw BadInputException.inFile(
            source.path(), "rows", "none, or none below the header", "check how the file was made");
      }
      loaded.add(new Loaded(source, before, rows));
    }
    SequenceSource.requireOneLineAUser(database, loaded);
    if (options.ratings().required() && !columns.rated()) {
      throw BadInputException.inFile(
          sources.get(0).path(),
          "a rating column for --min-rating",
          "none",
          "name it with --rating, or leave --min-rating out");
    }
    if (options.split().needsTimes() && !columns.timed()) {
      throw BadInputException.inFile(
          sources.get(0).path(),
          "times, which the split " + options.split().label() + " compares",
          "no time column",
          "name it with --time, or choose --split leave-one-out");
    }
    progress.accept("checking " + database.rows() + " rows");
    boolean numbers = columns.timed() && TimeColumn.startsWithNumber(database);
    RowFaults.require(database, loaded, columns.timed(), numbers, columns.rated());
    TimeKind kind = TimeKind.NONE;
    if (columns.timed()) {
      kind = numbers ? TimeColumn.numberKind(database) : TimeKind.TIMESTAMP;
    }
    return new Reading(loaded, columns.rated(), kind);
  }

  private Manifest write(InteractionDatabase database, Reading reading, Path folder)
      throws IOException {
    long[] cuts = cuts(database, reading.kind());
    progress.accept("sorting");
    EventLog log = database.fetch(reading.kind(), options.ratings(), reading.rated());
    progress.accept("filtering and splitting");
    int afterRatings = log.size();
    if (options.kCore() > 1) {
      KCore.apply(log, options.kCore());
    }
    int afterKCore = log.size();
    KCore.dropShortUsers(log, options.minItems());
    int[] users = EventLog.renumbering(log.userCounts());
    int[] items = EventLog.renumbering(log.itemCounts());
    log.renumber(users, items);
    requireEnough(log, afterRatings);
    SampleTable table = new SampleTable(log, options.split(), reading.kind(), cuts);

    progress.accept("writing");
    DatasetWriter writer = new DatasetWriter(folder);
    writer.writeArrays(table, log.itemCodes());
    writer.writeIds(database, DatasetFiles.USER_IDS, "users", users);
    writer.writeIds(database, DatasetFiles.ITEM_IDS, "items", items);
    if (options.itemNamesFile().isPresent()) {
      Path work = folder.resolve("work");
      writer.writeItemNames(database, loadNames(database, options.itemNames(), work), items);
    }
    List<String> shown = Arrays.stream(cuts).mapToObj(reading.kind()::show).toList();
    Manifest.Filters filters =
        new Manifest.Filters(database.rows(), afterRatings, afterKCore, log.size());
    return writer.writeManifest(
        log,
        table,
        new DatasetWriter.Origin(
            options, filters, reading.kind(), reading.rated(), shown, reading.files()));
  }

  private long[] cuts(InteractionDatabase database, TimeKind kind) throws IOException {
    if (!(options.split() instanceof Split.Time time)) {
      return new long[0];
    }
    long validation = TimeColumn.parseCut(database, kind, time.validationFrom());
    long test = TimeColumn.parseCut(database, kind, time.testFrom());
    if (kind.compare(validation, test) >= 0) {
      throw BadInputException.option(
          "the first cut time before the second",
          kind.show(validation) + " and " + kind.show(test),
          "swap or correct the times of --cut");
    }
    return new long[] {validation, test};
  }

  private void requireEnough(EventLog log, int afterRatings) {
    if (log.userCodes() < 2 || log.itemCodes() < 2) {
      throw BadInputException.option(
          "at least 2 users and 2 items after the filters",
          log.userCodes() + " and " + log.itemCodes() + " of " + afterRatings + " interactions",
          "give more data, or weaker --k-core and --min-items;"
              + " every user needs a history and a target");
    }
  }

  private SourceFile loadNames(InteractionDatabase database, Path file, Path work)
      throws IOException {
    progress.accept("reading " + file);
    ColumnNames columns = new ColumnNames(PrepareOptions.Columns.RECOGNISED);
    SourceFile source = SourceFile.inspect(file, PrepareOptions.Format.TABLE, columns);
    new TableSource(source, database, work).loadNames(database, columns);
    database.forEach(
        "SELECT item_id, min(name), max(name) FROM names GROUP BY item_id"
            + " HAVING min(name) <> max(name) ORDER BY item_id LIMIT 1",
        row -> {
          throw BadInputException.inFile(
              file,
              "one name an item",
              BadInputException.quote(row.getString(2))
                  + " and "
                  + BadInputException.quote(row.getString(3))
                  + " for item "
                  + BadInputException.quote(row.getString(1)),
              "remove one of the rows");
        });
    return source;
  }
}
