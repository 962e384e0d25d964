package io.mgnm.config;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The values of all keys in one run. Immutable. */
public final class Settings {
  private final EnumMap<Key, Object> values;

  private Settings(EnumMap<Key, Object> values) {
    this.values = values;
  }

  /** The settings of a preset. */
  public static Settings of(Preset preset) {
    EnumMap<Key, Object> values = new EnumMap<>(Key.class);
    for (Key key : Key.values()) {
      values.put(key, preset.overrides().getOrDefault(key, key.initial()));
    }
    return new Settings(values);
  }

  /**
   * These settings with those of a YAML file on top. Keys may be nested or dotted.
   *
   * @throws SettingsException where the file cannot be read or a setting cannot be
   */
  public Settings with(Path file) {
    return withYaml(YamlText.read(file), file.toString());
  }

  /** These settings with those of a YAML text on top; {@code source} is named in errors. */
  public Settings withYaml(String text, String source) {
    Map<String, Object> flat = new LinkedHashMap<>();
    flatten("", YamlText.map(text, source), flat);
    Settings result = this;
    for (Map.Entry<String, Object> entry : flat.entrySet()) {
      result = result.with(entry.getKey(), entry.getValue(), source);
    }
    return result;
  }

  private static void flatten(String prefix, Map<?, ?> map, Map<String, Object> flat) {
    map.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> inner) {
            flatten(prefix + name + ".", inner, flat);
          } else {
            flat.put(prefix + name, value);
          }
        });
  }

  /**
   * These settings with one of the form {@code key=value} on top.
   *
   * @throws SettingsException where it has no such form or cannot be
   */
  public Settings with(String assignment) {
    int equals = assignment.indexOf('=');
    if (equals < 0) {
      throw new SettingsException("--set expects key=value, got '" + assignment + "'");
    }
    return with(
        assignment.substring(0, equals).strip(), assignment.substring(equals + 1).strip(), "--set");
  }

  /** These settings with one value changed; the value must be of the key's kind. */
  public Settings with(Key key, Object value) {
    return with(key.key(), value, "code");
  }

  private Settings with(String name, Object raw, String source) {
    Key key = key(name, source);
    EnumMap<Key, Object> changed = new EnumMap<>(values);
    changed.put(key, value(key, raw, source));
    return new Settings(changed);
  }

  /**
   * The key of that name.
   *
   * @param source named in errors
   * @throws SettingsException where there is none, with the nearest
   */
  public static Key key(String name, String source) {
    Key key = Key.named(name);
    if (key == null) {
      throw new SettingsException(
          "%s: no setting is named '%s'; the nearest is '%s'"
              .formatted(source, name, nearest(name)));
    }
    return key;
  }

  /**
   * The value of a key that {@code raw}, a scalar of YAML or a text, stands for.
   *
   * @param source named in errors
   * @throws SettingsException where it stands for none, with what was expected
   */
  public static Object value(Key key, Object raw, String source) {
    Object value = raw == null ? null : key.kind().parse(raw);
    if (value == null) {
      throw new SettingsException(
          "%s: %s: expected %s, got '%s'".formatted(source, key.key(), key.kind().describe(), raw));
    }
    return value;
  }

  /** The keys whose values differ from those of {@code base}, with the values here. */
  public Map<Key, Object> differencesFrom(Settings base) {
    EnumMap<Key, Object> differences = new EnumMap<>(values);
    differences.entrySet().removeAll(base.values.entrySet());
    return differences;
  }

  /**
   * Refuses combinations that no single key shows to be wrong.
   *
   * @throws SettingsException with both keys and what to change
   */
  public Settings check() {
    String encoder = text(Key.ENCODER);
    boolean halves = encoder.equals("bilstm") || encoder.equals("transformer");
    if (halves && integer(Key.D) % 2 != 0) {
      throw new SettingsException(
          "model.d = %d: must be even with encoder %s; take an even d or encoder bilstm-projected"
              .formatted(integer(Key.D), encoder));
    }
    if (!encoder.equals("none") && integer(Key.ROUTING_ITERATIONS) < 2) {
      throw new SettingsException(
          "routing.iterations = 1: the encoder works after the first iteration, so it needs at"
              + " least 2; or set encoder: none");
    }
    if (encoder.equals("none") && text(Key.ROUTING_ENCODED).equals("agreement")) {
      throw new SettingsException(
          "routing.encoded = agreement: needs an encoder; set routing.encoded: everywhere");
    }
    if (is(Key.NEGATIVES_CORRECTION, "logq") && !is(Key.LOSS, "softmax")) {
      throw new SettingsException(
          "negatives.correction = logq: needs loss softmax, not %s; set loss: softmax or"
                  .formatted(text(Key.LOSS))
              + " negatives.correction: none");
    }
    return this;
  }

  /** An integer setting. */
  public int integer(Key key) {
    return Math.toIntExact(whole(key));
  }

  /** An integer setting that may exceed an int. */
  public long whole(Key key) {
    return (Long) values.get(key);
  }

  /** A number. */
  public double real(Key key) {
    return (Double) values.get(key);
  }

  /** True or false. */
  public boolean flag(Key key) {
    return (Boolean) values.get(key);
  }

  /** One of a key's words. */
  public String text(Key key) {
    return (String) values.get(key);
  }

  /** Whether a key has this word. */
  public boolean is(Key key, String word) {
    return text(key).equals(word);
  }

  /** The word of a key as the constant of an enum: {@code previous} is {@code PREVIOUS}. */
  public <E extends Enum<E>> E constant(Key key, Class<E> type) {
    return Enum.valueOf(type, text(key).toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /** All keys with their values, as YAML that {@link #withYaml} reads back. */
  public String toYaml() {
    Map<String, Object> flat = new LinkedHashMap<>();
    values.forEach((key, value) -> flat.put(key.key(), value));
    return YamlText.write(flat);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Settings settings && values.equals(settings.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(values);
  }

  private static String nearest(String name) {
    return Arrays.stream(Key.values())
        .map(Key::key)
        .min(Comparator.comparingInt(key -> distanceToKey(name, key)))
        .orElseThrow();
  }

  /** A name without its first part counts as well: {@code interests} is near model.interests. */
  private static int distanceToKey(String name, String key) {
    return Math.min(distance(name, key), distance(name, key.substring(key.indexOf('.') + 1)));
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(substituted, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
