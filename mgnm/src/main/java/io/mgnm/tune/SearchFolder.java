package io.mgnm.tune;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.train.JsonLines;
import io.mgnm.train.RunFolder;
import io.mgnm.train.TextFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The folder of a search: {@code tune.json} (on which data), {@code settings.yaml} (the base),
 * {@code space.yaml}, {@code trials.jsonl} (a line for each trial at the end of each rung), {@code
 * best.yaml} (the settings of the best trial), and the folder of each trial's run, {@code
 * trial-001}.
 */
public final class SearchFolder {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String FORMAT = "mgnm-tune";
  private static final int VERSION = 1;

  private final Path folder;
  private final JsonLines log;

  private SearchFolder(Path folder) {
    this.folder = folder;
    this.log = new JsonLines(folder.resolve("trials.jsonl"));
  }

  /** What {@code tune.json} says. */
  record Description(
      String format,
      @JsonProperty("format_version") int formatVersion,
      String data,
      @JsonProperty("content_hash") String contentHash) {}

  /**
   * Makes the folder of a new search.
   *
   * @throws BadInputException where it exists
   */
  public static SearchFolder create(Path folder, Dataset data, Settings base, SearchSpace space)
      throws IOException {
    if (Files.exists(folder)) {
      throw BadInputException.inFile(
          folder,
          "a new folder for the search",
          "one that exists",
          "name another, or add --resume to go on with this search");
    }
    Files.createDirectories(folder);
    SearchFolder search = new SearchFolder(folder);
    TextFile.replace(folder.resolve("settings.yaml"), base.toYaml());
    TextFile.replace(folder.resolve("space.yaml"), space.text());
    TextFile.replace(
        folder.resolve("tune.json"),
        JSON.writeValueAsString(
            new Description(
                FORMAT,
                VERSION,
                data.folder().toAbsolutePath().normalize().toString(),
                data.manifest().contentHash())));
    return search;
  }

  /**
   * Opens the folder of a search that goes on.
   *
   * @throws BadInputException where it is none, of another version, or of other data
   */
  public static SearchFolder resume(Path folder, Dataset data) throws IOException {
    Description description = description(folder);
    if (!FORMAT.equals(description.format()) || description.formatVersion() != VERSION) {
      throw BadInputException.inFile(
          folder,
          FORMAT + " of version " + VERSION,
          description.format() + " of version " + description.formatVersion(),
          "search again with this version");
    }
    if (!data.manifest().contentHash().equals(description.contentHash())) {
      throw BadInputException.inFile(
          data.folder(),
          "the data set of search %s, with content hash %s"
              .formatted(folder, description.contentHash()),
          data.manifest().contentHash(),
          "name that data set; it was " + description.data());
    }
    SearchFolder search = new SearchFolder(folder);
    search.log.keep(line -> true); // drops a line that was cut off
    return search;
  }

  private static Description description(Path folder) throws IOException {
    Path file = folder.resolve("tune.json");
    if (!Files.isRegularFile(file)) {
      throw BadInputException.inFile(
          folder,
          "the folder of a search, with a tune.json",
          "none",
          "name the --out of a search, or leave out --resume to begin one");
    }
    try {
      return JSON.readValue(file.toFile(), Description.class);
    } catch (JsonProcessingException e) {
      throw BadInputException.inFile(
          file, "JSON", e.getOriginalMessage(), "the file was changed; search again");
    }
  }

  /** The settings that trials start from. */
  public Settings base() {
    return Settings.of(Preset.DEFAULT).with(folder.resolve("settings.yaml"));
  }

  /** What is searched. */
  public SearchSpace space() {
    return SearchSpace.read(folder.resolve("space.yaml"));
  }

  /** The settings of the best trial so far, for {@code train --config}. */
  public Path best() {
    return folder.resolve("best.yaml");
  }

  /** The folder of a trial's run. */
  public Path trial(int trial) {
    return folder.resolve("trial-%03d".formatted(trial));
  }

  /** The lines of {@code trials.jsonl}. */
  public List<TrialResult> results() throws IOException {
    List<TrialResult> results = new ArrayList<>();
    for (JsonNode line : log.read()) {
      results.add(JSON.treeToValue(line, TrialResult.class));
    }
    return results;
  }

  void append(TrialResult result) throws IOException {
    log.append(result);
  }

  void writeBest(TrialResult result, Settings settings) throws IOException {
    String head =
        "# trial %d, epoch %d: validation ndcg@5 %.4f%n"
            .formatted(result.trial(), result.bestEpoch(), result.ndcg5());
    TextFile.replace(best(), head + settings.toYaml());
  }

  /**
   * The run of a trial, new or where it stands.
   *
   * @throws BadInputException where it was changed, so that it is no longer this trial
   */
  RunFolder run(int trial, Dataset data, Settings settings, String backend) throws IOException {
    Path path = trial(trial);
    if (Files.exists(path) && !Files.exists(path.resolve("run.json"))) {
      // The process died while it made the folder.
      Files.deleteIfExists(path.resolve("settings.yaml"));
      Files.deleteIfExists(path.resolve("settings.yaml.tmp"));
      Files.deleteIfExists(path.resolve("run.json.tmp"));
      Files.delete(path);
    }
    if (!Files.exists(path)) {
      return RunFolder.create(path, data, settings, backend);
    }
    RunFolder run = RunFolder.resume(path, data, old -> old);
    if (!run.settings().equals(settings)) {
      throw BadInputException.inFile(
          path,
          "the settings of trial " + trial,
          "others in "
              + run.settings().differencesFrom(settings).keySet().stream().map(Key::key).toList(),
          "the run was changed; remove its folder, or search again");
    }
    return run;
  }
}
