package io.mgnm.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A log of JSON objects, one a line; a line that was cut off when a process died does not count.
 */
public final class JsonLines {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;

  /** The log in a file, which need not exist yet. */
  public JsonLines(Path file) {
    this.file = file;
  }

  /** Adds an object. */
  public void append(Object object) throws IOException {
    Files.writeString(
        file,
        JSON.writeValueAsString(object) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /** All whole lines. */
  public List<JsonNode> read() throws IOException {
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : lines(node -> true)) {
      nodes.add(JSON.readTree(line));
    }
    return nodes;
  }

  /** Drops all lines but the whole ones that pass the test. */
  public void keep(Predicate<JsonNode> test) throws IOException {
    if (Files.exists(file)) {
      List<String> kept = lines(test);
      TextFile.replace(file, kept.isEmpty() ? "" : String.join("\n", kept) + "\n");
    }
  }

  private List<String> lines(Predicate<JsonNode> test) throws IOException {
    List<String> kept = new ArrayList<>();
    if (!Files.exists(file)) {
      return kept;
    }
    for (String line : Files.readAllLines(file)) {
      JsonNode node;
      try {
        node = JSON.readTree(line);
      } catch (JsonProcessingException e) {
        continue; // the line that was being written when the process died
      }
      if (test.test(node)) {
        kept.add(line);
      }
    }
    return kept;
  }
}
