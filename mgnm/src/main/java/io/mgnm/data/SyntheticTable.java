package io.mgnm.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.zip.GZIPOutputStream;

/** Writes made-up interactions as a table that {@link DatasetPreparation} reads. */
public final class SyntheticTable {
  private SyntheticTable() {}

  /**
   * Writes the table, and the truth behind it where asked for. Files appear complete or not at all.
   *
   * @param out a {@code .tsv}, {@code .tsv.gz} or {@code .parquet} file: user, item, time
   * @param itemNames a {@code .tsv} or {@code .tsv.gz} file: item, name, interest; or null
   * @throws BadInputException where a file exists, or its ending is another
   */
  public static void write(SyntheticInteractions synthetic, Path out, Path itemNames)
      throws IOException {
    requireEnding(out, ".tsv", ".tsv.gz", ".parquet");
    StagedFolder.requireAbsent(out);
    if (itemNames != null) {
      requireEnding(itemNames, ".tsv", ".tsv.gz");
      StagedFolder.requireAbsent(itemNames);
      if (itemNames.toAbsolutePath().normalize().equals(out.toAbsolutePath().normalize())) {
        throw BadInputException.inFile(out, "two files", "one name", "rename one of them");
      }
    }
    StagedFolder.createFile(out, file -> writeInteractions(synthetic, file));
    if (itemNames != null) {
      StagedFolder.createFile(itemNames, file -> writeTruth(synthetic, file));
    }
  }

  private static void requireEnding(Path file, String... endings) {
    for (String ending : endings) {
      if (file.getFileName().toString().endsWith(ending)) {
        return;
      }
    }
    throw BadInputException.inFile(
        file, "a name that ends in " + String.join(" or ", endings), "another", "rename it");
  }

  private static void writeInteractions(SyntheticInteractions synthetic, Path file)
      throws IOException {
    if (!file.getFileName().toString().endsWith(".parquet")) {
      writeText(synthetic, file);
      return;
    }
    Path work = Files.createDirectory(file.resolveSibling("work"));
    Path text = work.resolve("interactions.tsv");
    writeText(synthetic, text);
    PrepareOptions defaults = PrepareOptions.defaults();
    try (InteractionDatabase database =
        new InteractionDatabase(work, defaults.threads(), defaults.memoryMegabytes())) {
      database.execute(
          "COPY (SELECT * FROM read_csv(%s, auto_detect = false, header = true, delim = '\t', columns = {'user': 'INTEGER', 'item': 'INTEGER', 'time': 'BIGINT'})) TO %s (FORMAT parquet)"
              .formatted(TableSource.literal(text), TableSource.literal(file)));
    } catch (SQLException e) {
      throw InteractionDatabase.failure(e);
    }
    StagedFolder.deleteTree(work);
  }

  private static void writeText(SyntheticInteractions synthetic, Path file) throws IOException {
    try (OutputStream out = open(file)) {
      out.write("user\titem\ttime\n".getBytes(UTF_8));
      StringBuilder line = new StringBuilder();
      synthetic.generate(
          (user, item, time) -> {
            line.setLength(0);
            line.append(user).append('\t').append(item).append('\t').append(time).append('\n');
            out.write(line.toString().getBytes(UTF_8));
          });
    }
  }

  private static void writeTruth(SyntheticInteractions synthetic, Path file) throws IOException {
    int[] interests = synthetic.interestOfItems();
    try (OutputStream out = open(file)) {
      out.write("item\tname\tinterest\n".getBytes(UTF_8));
      for (int i = 0; i < interests.length; i++) {
        out.write(
            (i + "\titem " + i + " of interest " + interests[i] + "\t" + interests[i] + "\n")
                .getBytes(UTF_8));
      }
    }
  }

  private static OutputStream open(Path file) throws IOException {
    OutputStream raw = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
    return file.getFileName().toString().endsWith(".gz")
        ? new BufferedOutputStream(new GZIPOutputStream(raw, 1 << 16), 1 << 16)
        : raw;
  }
}
