package io.mgnm.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** YAML as plain maps, lists and scalars, for files that people write. */
public final class YamlText {
  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER).build());

  private YamlText() {}

  /**
   * The text of a file.
   *
   * @throws SettingsException where it cannot be read
   */
  public static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new SettingsException(file + ": cannot be read: " + e);
    }
  }

  /**
   * The keys of a text with what stands under them; none where the text is empty.
   *
   * @param source named in errors
   * @throws SettingsException where it is no YAML, or something else than keys with values
   */
  public static Map<?, ?> map(String text, String source) {
    JsonNode tree;
    try {
      tree = YAML.readTree(text);
    } catch (JsonProcessingException e) {
      throw new SettingsException(
          "%s:%d: not YAML: %s"
              .formatted(
                  source,
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  e.getOriginalMessage()));
    }
    if (tree.isMissingNode() || tree.isNull()) {
      return Map.of();
    }
    if (!tree.isObject()) {
      throw new SettingsException(source + ": expected keys with values, got " + tree);
    }
    return YAML.convertValue(tree, Map.class);
  }

  /** A map of scalars as YAML. */
  static String write(Map<String, Object> map) {
    try {
      return YAML.writeValueAsString(map);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("scalars always have a YAML form", e);
    }
  }
}
