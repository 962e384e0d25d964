package io.mgnm.data;

import io.mgnm.data.Manifest.DataFile;
import io.mgnm.data.RowFaults.Loaded;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Writes the files of a prepared dataset into a folder, each forced to disk. */
final class DatasetWriter {
  /** Where a dataset comes from, for its manifest. */
  record Origin(
      PrepareOptions options,
      Manifest.Filters filters,
      TimeKind kind,
      boolean rated,
      List<String> cuts,
      List<Loaded> files) {}

  private final Path folder;
  private final List<DataFile> files = new ArrayList<>();
  private final List<Manifest.SourceReport> sources = new ArrayList<>();
  private int[] trainingCounts;
  private boolean named;

  DatasetWriter(Path folder) {
    this.folder = folder;
  }

  void writeArrays(SampleTable table, int items) throws IOException {
    trainingCounts = new int[items];
    for (int u = 0; u < table.trainingEnds.length; u++) {
      for (int e = table.userOffsets[u]; e < table.trainingEnds[u]; e++) {
        trainingCounts[table.eventItems[e]]++;
      }
    }
    write(DatasetFiles.EVENT_ITEMS, table.eventItems);
    if (table.eventTimes != null) {
      files.add(FlatFiles.write(folder.resolve(DatasetFiles.EVENT_TIMES), table.eventTimes));
    }
    write(DatasetFiles.USER_OFFSETS, table.userOffsets);
    write(DatasetFiles.TRAINING_ENDS, table.trainingEnds);
    write(DatasetFiles.TRAINING_COUNTS, trainingCounts);
    write(DatasetFiles.SAMPLE_USERS, table.sampleUsers);
    write(DatasetFiles.SAMPLE_EVENTS, table.sampleEvents);
  }

  private void write(String name, int[] values) throws IOException {
    files.add(FlatFiles.write(folder.resolve(name), values));
  }

  /**
   * Writes the ids that are left and their order.
   *
   * @param table the database's table of ids and codes
   * @param renumbering new code of each old one, -1 for those that are gone
   */
  void writeIds(InteractionDatabase database, String stem, String table, int[] renumbering)
      throws IOException {
    try (StringTable.Writer strings = strings(stem)) {
      database.forEach(
          "SELECT code, id FROM " + table + " ORDER BY code",
          row -> {
            if (renumbering[row.getInt(1)] >= 0) {
              strings.add(row.getString(2));
            }
          });
      files.addAll(strings.finish());
    }
    try (FlatFiles.Writer order = new FlatFiles.Writer(folder.resolve(DatasetFiles.order(stem)))) {
      database.forEach(
          "SELECT code FROM " + table + " ORDER BY id",
          row -> {
            int code = renumbering[row.getInt(1)];
            if (code >= 0) {
              order.putInt(code);
            }
          });
      files.add(order.finish());
    }
  }

  /** Writes the names of the items that are left; an item without one has an empty name. */
  void writeItemNames(InteractionDatabase database, SourceFile source, int[] renumbering)
      throws IOException {
    named = true;
    try (StringTable.Writer strings = strings(DatasetFiles.ITEM_NAMES)) {
      database.forEach(
          "SELECT code, coalesce(name, '') FROM items LEFT JOIN"
              + " (SELECT item_id, min(name) AS name FROM names GROUP BY item_id)"
              + " ON id = item_id ORDER BY code",
          row -> {
            if (renumbering[row.getInt(1)] >= 0) {
              strings.add(row.getString(2));
            }
          });
      files.addAll(strings.finish());
    }
    sources.add(report(source, database.number("SELECT count(*) FROM names")));
  }

  private StringTable.Writer strings(String stem) throws IOException {
    return new StringTable.Writer(
        folder.resolve(DatasetFiles.bytes(stem)), folder.resolve(DatasetFiles.offsets(stem)));
  }

  Manifest writeManifest(EventLog log, SampleTable table, Origin origin) throws IOException {
    List<Manifest.SourceReport> reports = new ArrayList<>();
    for (Loaded file : origin.files()) {
      reports.add(report(file.source(), file.rows()));
    }
    reports.addAll(sources);
    TimeKind kind = origin.kind();
    int last = log.size() - 1;
    PrepareOptions options = origin.options();
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            Manifest.VERSION,
            Manifest.contentHash(files),
            log.userCodes(),
            log.itemCodes(),
            log.size(),
            named,
            new Manifest.Times(
                kind,
                kind == TimeKind.NONE ? null : kind.show(log.time(0)),
                kind == TimeKind.NONE ? null : kind.show(log.time(last))),
            new Manifest.SplitReport(
                options.split().label(),
                origin.cuts(),
                Arrays.stream(Part.values()).map(p -> report(p, table)).toList()),
            origin.filters(),
            new Manifest.Options(
                origin.rated() ? options.ratings().label() : "none",
                options.kCore(),
                options.minItems()),
            reports,
            List.copyOf(files));
    Path file = folder.resolve(DatasetFiles.MANIFEST);
    Files.writeString(file, DatasetFiles.json().writeValueAsString(manifest) + "\n");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    return manifest;
  }

  private static Manifest.SourceReport report(SourceFile source, long rows) {
    return new Manifest.SourceReport(
        source.path().getFileName().toString(),
        source.kind().label(),
        source.bytes(),
        source.sha256(),
        rows);
  }

  private Manifest.PartReport report(Part part, SampleTable table) {
    BitSet warmUsers = new BitSet();
    for (int s = 0; s < table.partOffsets[1]; s++) {
      warmUsers.set(table.sampleUsers[s]);
    }
    BitSet users = new BitSet();
    BitSet items = new BitSet();
    int coldUserSamples = 0;
    int coldItemSamples = 0;
    int begin = table.partOffsets[part.index()];
    int end = table.partOffsets[part.index() + 1];
    for (int s = begin; s < end; s++) {
      int user = table.sampleUsers[s];
      int item = table.eventItems[table.sampleEvents[s]];
      users.set(user);
      items.set(item);
      coldUserSamples += warmUsers.get(user) ? 0 : 1;
      coldItemSamples += trainingCounts[item] > 0 ? 0 : 1;
    }
    BitSet coldUsers = (BitSet) users.clone();
    coldUsers.andNot(warmUsers);
    int coldItems = (int) items.stream().filter(i -> trainingCounts[i] == 0).count();
    return new Manifest.PartReport(
        part,
        end - begin,
        users.cardinality(),
        coldUsers.cardinality(),
        coldUserSamples,
        items.cardinality(),
        coldItems,
        coldItemSamples);
  }
}
