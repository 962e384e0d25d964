package io.mgnm.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The folder of a run: {@code run.json} (what was trained on what), {@code settings.yaml}, {@code
 * metrics.jsonl} (a line an epoch), {@code last.safetensors} and {@code best.safetensors}.
 */
public final class RunFolder {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String FORMAT = "mgnm-run";
  private static final int VERSION = 1;

  private final Path folder;

  private RunFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * What {@code run.json} says.
   *
   * @param data the data set's folder, absolute
   * @param contentHash the data set's
   * @param backend the backend that began the run
   */
  public record Description(
      String format,
      @JsonProperty("format_version") int formatVersion,
      String data,
      @JsonProperty("content_hash") String contentHash,
      String backend) {}

  /**
   * Makes the folder of a new run.
   *
   * @throws BadInputException where it exists
   */
  public static RunFolder create(Path folder, Dataset data, Settings settings, String backend)
      throws IOException {
    if (Files.exists(folder)) {
      throw BadInputException.inFile(
          folder,
          "a new folder for the run",
          "one that exists",
          "name another, or add --resume to go on with this run");
    }
    Files.createDirectories(folder);
    RunFolder run = new RunFolder(folder);
    run.replace("settings.yaml", settings.toYaml());
    run.replace(
        "run.json",
        JSON.writeValueAsString(
            new Description(
                FORMAT,
                VERSION,
                data.folder().toAbsolutePath().normalize().toString(),
                data.manifest().contentHash(),
                backend)));
    return run;
  }

  /**
   * Opens the folder of a run.
   *
   * @throws BadInputException where it is none, or of another version
   */
  public static RunFolder open(Path folder) throws IOException {
    RunFolder run = new RunFolder(folder);
    Description description = run.description();
    if (!FORMAT.equals(description.format()) || description.formatVersion() != VERSION) {
      throw BadInputException.inFile(
          folder,
          FORMAT + " of version " + VERSION,
          description.format() + " of version " + description.formatVersion(),
          "train again with this version");
    }
    return run;
  }

  /**
   * Opens the folder of a run that goes on.
   *
   * @param change what becomes of its settings
   * @throws BadInputException where it is none, or was trained on other data
   */
  public static RunFolder resume(Path folder, Dataset data, UnaryOperator<Settings> change)
      throws IOException {
    RunFolder run = open(folder);
    run.requireSame(data);
    run.replace("settings.yaml", change.apply(run.settings()).toYaml());
    return run;
  }

  /** What {@code run.json} says. */
  public Description description() throws IOException {
    Path file = folder.resolve("run.json");
    if (!Files.isRegularFile(file)) {
      throw BadInputException.inFile(
          folder, "the folder of a run, with a run.json", "none", "name the --out of a training");
    }
    try {
      return JSON.readValue(file.toFile(), Description.class);
    } catch (JsonProcessingException e) {
      throw BadInputException.inFile(
          file, "JSON", e.getOriginalMessage(), "the file was changed; train again");
    }
  }

  /** The settings of the run. */
  public Settings settings() {
    return Settings.of(Preset.DEFAULT).with(folder.resolve("settings.yaml"));
  }

  /**
   * Opens the data set of the run.
   *
   * @param folder where it is now, or null for where it was
   * @throws BadInputException where it is not the one the run was trained on
   */
  public Dataset openData(Path folder) throws IOException {
    Description description = description();
    Path where = folder == null ? Path.of(description.data()) : folder;
    if (!Files.isDirectory(where)) {
      throw BadInputException.inFile(
          where, "the data set of this run", "no folder", "name where it is now with --data DIR");
    }
    Dataset data = Dataset.open(where);
    try {
      requireSame(data);
    } catch (IOException | RuntimeException e) {
      data.close();
      throw e;
    }
    return data;
  }

  private void requireSame(Dataset data) throws IOException {
    String expected = description().contentHash();
    if (!data.manifest().contentHash().equals(expected)) {
      throw BadInputException.inFile(
          data.folder(),
          "the data set that " + folder + " was trained on, with content hash " + expected,
          data.manifest().contentHash(),
          "name that data set");
    }
  }

  /** The folder itself. */
  public Path path() {
    return folder;
  }

  /** The state after the last save. */
  public Path last() {
    return folder.resolve("last.safetensors");
  }

  /** The state of the epoch with the best validation. */
  public Path best() {
    return folder.resolve("best.safetensors");
  }

  /** A line an epoch. */
  public Path metrics() {
    return folder.resolve("metrics.jsonl");
  }

  /** Adds a line to the metrics. */
  void appendMetrics(Map<String, Object> line) throws IOException {
    new JsonLines(metrics()).append(line);
  }

  /** Drops lines of steps after {@code step}, which a resumed run does again. */
  void dropMetricsAfter(long step) throws IOException {
    new JsonLines(metrics()).keep(line -> line.path("step").asLong(Long.MAX_VALUE) <= step);
  }

  private void replace(String name, String text) throws IOException {
    TextFile.replace(folder.resolve(name), text);
  }
}
