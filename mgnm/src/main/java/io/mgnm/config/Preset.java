package io.mgnm.config;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** Named settings; what a preset does not name is as in {@link #DEFAULT}. */
public enum Preset {
  /** The project's reading of the paper. */
  DEFAULT("default", Map.of()),
  /** The paper to the letter where the default departs from it. */
  PAPER("paper", Map.of(Key.EMBEDDING_UPDATE, "dense")),
  /** The authors' released code, as far as it makes sense. */
  RELEASED_LIKE(
      "released-like",
      Map.ofEntries(
          Map.entry(Key.GRAPH_USER, false),
          Map.entry(Key.GRAPH_NORMALISATION, "none"),
          Map.entry(Key.GRAPH_INPUT, "first"),
          Map.entry(Key.ROUTING_SOFTMAX, "interests"),
          Map.entry(Key.ROUTING_ENCODED, "agreement"),
          Map.entry(Key.ENCODER, "bilstm-projected"),
          Map.entry(Key.INTEREST_PROJECTION, "none"),
          Map.entry(Key.L1_WEIGHT, 1e-5),
          Map.entry(Key.L1_PER, "candidate"))),
  /** What recommends best, chosen on the validation parts of several data sets: docs/quality.md. */
  TUNED(
      "tuned",
      Map.ofEntries(
          Map.entry(Key.D, 64L),
          Map.entry(Key.INTERESTS, 2L),
          Map.entry(Key.LAYERS, 1L),
          Map.entry(Key.TRUNCATION, 20L),
          Map.entry(Key.READOUT, "sum"),
          Map.entry(Key.ROUTING_RECENCY, 1.0),
          Map.entry(Key.RECENT_WEIGHT, 2.0),
          Map.entry(Key.LOSS, "softmax"),
          Map.entry(Key.NEGATIVES, 300L),
          Map.entry(Key.DROPOUT, 0.4),
          Map.entry(Key.L2_WEIGHT, 0.02),
          Map.entry(Key.LEARNING_RATE, 0.01),
          Map.entry(Key.LEARNING_RATE_SCHEDULE, "cosine"),
          Map.entry(Key.INIT_ITEM_STD, 0.1),
          Map.entry(Key.EPOCHS, 8L)));

  private final String key;
  private final Map<Key, Object> overrides;

  Preset(String key, Map<Key, Object> overrides) {
    this.key = key;
    this.overrides = overrides;
  }

  /** The name that users write. */
  public String key() {
    return key;
  }

  /** What it sets. */
  public Map<Key, Object> overrides() {
    return overrides;
  }

  /**
   * The preset of that name.
   *
   * @throws SettingsException where there is none
   */
  public static Preset named(String name) {
    return Arrays.stream(values())
        .filter(p -> p.key.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new SettingsException(
                    "no preset is named '%s'; expected one of %s"
                        .formatted(
                            name,
                            Arrays.stream(values())
                                .map(Preset::key)
                                .collect(Collectors.joining(", ")))));
  }
}
