package io.mgnm.tune;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.config.SettingsException;
import io.mgnm.config.YamlText;
import io.mgnm.ops.Philox;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The settings that a search tries, and their values. Read from YAML: a setting, its name nested or
 * dotted, with a list of values or {@code {from: a, to: b, scale: log}}.
 */
public final class SearchSpace {
  private static final String COMMITTED = "space.yaml";

  /** Draws of one trial before the space is said to be too small. */
  private static final int ATTEMPTS = 1000;

  private final String text;
  private final String source;
  private final Map<Key, Values> values = new EnumMap<>(Key.class);

  private SearchSpace(String text, String source) {
    this.text = text;
    this.source = source;
    collect("", YamlText.map(text, source));
    if (values.isEmpty()) {
      throw new SettingsException(source + ": expected settings with values, got none");
    }
  }

  /** The space that is used where none is named. */
  public static SearchSpace committed() {
    try (InputStream in = SearchSpace.class.getResourceAsStream(COMMITTED)) {
      return new SearchSpace(new String(in.readAllBytes(), StandardCharsets.UTF_8), COMMITTED);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The space of a file.
   *
   * @throws SettingsException where it cannot be read, names no settings or values that cannot be
   */
  public static SearchSpace read(Path file) {
    return new SearchSpace(YamlText.read(file), file.toString());
  }

  private void collect(String prefix, Map<?, ?> map) {
    map.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> inner
              && !inner.containsKey("from")
              && !inner.containsKey("to")) {
            collect(prefix + name + ".", inner);
          } else {
            add(Settings.key(prefix + name, source), value);
          }
        });
  }

  private void add(Key key, Object tree) {
    if (key == Key.EPOCHS || key == Key.VALIDATION_CANDIDATES) {
      throw new SettingsException(
          "%s: %s: trials that differ in it do not compare; take it out and set it for all: --set %s=..."
              .formatted(source, key.key(), key.key()));
    }
    values.put(key, Values.parse(key, tree, source));
  }

  /** The YAML it was read from. */
  String text() {
    return text;
  }

  /** The settings that it tries. */
  public Set<Key> keys() {
    return values.keySet();
  }

  /**
   * The settings of the first {@code count} trials, all different. Those of a trial depend on the
   * base, its seed and the trials before it: more trials begin with the same ones.
   *
   * @throws SettingsException where the space does not have so many
   */
  public List<Settings> trials(Settings base, int count) {
    Set<Settings> trials = new LinkedHashSet<>();
    SettingsException refused = null;
    for (int trial = 1; trial <= count; trial++) {
      for (int attempt = 0; trials.size() < trial; attempt++) {
        if (attempt == ATTEMPTS) {
          throw new SettingsException(
              "%s: expected %d trials that differ, got %d; take fewer --trials or a larger space%s"
                  .formatted(
                      source,
                      count,
                      trials.size(),
                      refused == null ? "" : " (refused: " + refused.getMessage() + ")"));
        }
        try {
          trials.add(draw(base, trial, attempt).check());
        } catch (SettingsException e) {
          refused = e; // a combination that cannot be: another is drawn
        }
      }
    }
    return new ArrayList<>(trials);
  }

  private Settings draw(Settings base, int trial, int attempt) {
    Settings settings = base;
    int[] words = new int[4];
    for (Map.Entry<Key, Values> entry : values.entrySet()) {
      // By its name, so that one setting more or less in a space leaves the others' values alone.
      int index = entry.getKey().key().hashCode();
      Philox.words(base.whole(Key.SEED), Philox.TRIAL_SETTING, trial, attempt, index, words);
      settings = settings.with(entry.getKey(), entry.getValue().at(words[0]));
    }
    return settings;
  }
}
