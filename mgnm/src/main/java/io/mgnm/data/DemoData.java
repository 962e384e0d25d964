package io.mgnm.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * The bundled dataset: which source file of GCC a developer touched next, 1989 to 2022. A user is
 * an author's year, an item a file; see the README beside the data for origin and licence.
 */
public final class DemoData {
  private static final String FOLDER = "/io/mgnm/demo/gcc-changelog/";
  private static final String INTERACTIONS = "gcc_author_year.tsv.gz";
  private static final String ITEM_NAMES = "items.tsv.gz";
  private static final String README = "README.md";

  private DemoData() {}

  /** Origin, counts and licence of the data, in Markdown. */
  public static String readme() throws IOException {
    try (InputStream in = resource(README)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * Prepares the dataset, leave-one-out, with file names as item names.
   *
   * @param out the folder to create
   * @param progress told what is being done now
   * @throws BadInputException where {@code out} exists or cannot be written to
   */
  public static Manifest prepare(Path out, Consumer<String> progress) throws IOException {
    Path extracted = Files.createTempDirectory("mgnm-demo-");
    try {
      Path interactions = extract(INTERACTIONS, extracted);
      Path names = extract(ITEM_NAMES, extracted);
      PrepareOptions options =
          PrepareOptions.defaults()
              .withColumns(new PrepareOptions.Columns("sequence", "item", "date", null))
              .withSplit(new Split.LeaveOneOut())
              .withItemNames(names);
      return new DatasetPreparation(options, progress).prepare(List.of(interactions), out);
    } finally {
      StagedFolder.deleteTree(extracted);
    }
  }

  private static Path extract(String name, Path folder) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = resource(name)) {
      Files.copy(in, file);
    }
    return file;
  }

  private static InputStream resource(String name) {
    InputStream in = DemoData.class.getResourceAsStream(FOLDER + name);
    if (in == null) {
      throw new IllegalStateException(FOLDER + name + " is missing from this build");
    }
    return in;
  }
}
