package io.mgnm.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Writes inputs of tests and reads sequences back. */
final class Tables {
  private Tables() {}

  static Path text(Path folder, String name, String content) throws IOException {
    Path file = folder.resolve(name);
    if (name.endsWith(".gz")) {
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
        out.write(content.getBytes(UTF_8));
      }
    } else {
      Files.writeString(file, content);
    }
    return file;
  }

  /** Writes the result of a query of DuckDB as Parquet. */
  static Path parquet(Path folder, String name, String query) throws SQLException {
    Path file = folder.resolve(name);
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      statement.execute("COPY (" + query + ") TO '" + file + "' (FORMAT parquet)");
    }
    return file;
  }

  /** Each user's items as ids, in order: {@code user:item,item,...}. */
  static List<String> sequences(Dataset dataset) {
    List<String> sequences = new ArrayList<>();
    for (int u = 0; u < dataset.users(); u++) {
      List<String> items = new ArrayList<>();
      for (int e = dataset.userBegin(u); e < dataset.userEnd(u); e++) {
        items.add(dataset.itemId(dataset.item(e)));
      }
      sequences.add(dataset.userId(u) + ":" + String.join(",", items));
    }
    return sequences;
  }

  /** A part's samples as {@code user>target}. */
  static List<String> samples(Dataset dataset, Part part) {
    List<String> samples = new ArrayList<>();
    for (int s = dataset.partBegin(part); s < dataset.partEnd(part); s++) {
      int target = dataset.item(dataset.sampleEvent(s));
      samples.add(dataset.userId(dataset.sampleUser(s)) + ">" + dataset.itemId(target));
    }
    return samples;
  }

  static Dataset prepare(PrepareOptions options, Path out, Path... files) throws IOException {
    new DatasetPreparation(options.withResources(2, 512)).prepare(List.of(files), out);
    return Dataset.open(out);
  }
}
