package io.mgnm.tune;

import io.mgnm.config.Key;
import io.mgnm.config.Kind;
import io.mgnm.config.Settings;
import io.mgnm.config.SettingsException;
import io.mgnm.ops.Philox;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The values that a search may give a setting. */
sealed interface Values {

  /** The value that a random word stands for. */
  Object at(int word);

  /**
   * Reads a list, a range, or a single value.
   *
   * @param source named in errors
   * @throws SettingsException where there is none, or the setting cannot have one of them
   */
  static Values parse(Key key, Object tree, String source) {
    return switch (tree) {
      case Map<?, ?> range -> range(key, range, source);
      case List<?> list when list.isEmpty() ->
          throw new SettingsException(
              "%s: %s: expected values, got an empty list; take the line out to leave the setting"
                      .formatted(source, key.key())
                  + " as it is");
      case List<?> list ->
          new Listed(list.stream().map(raw -> Settings.value(key, raw, source)).toList());
      case null, default -> new Listed(List.of(Settings.value(key, tree, source)));
    };
  }

  private static Values range(Key key, Map<?, ?> range, String source) {
    String where = source + ": " + key.key() + ": ";
    if (!Set.of("from", "to", "scale").containsAll(range.keySet())) {
      throw new SettingsException(
          where + "expected from, to and perhaps scale, got " + range.keySet());
    }
    if (!(key.kind() instanceof Kind.Whole || key.kind() instanceof Kind.Real)) {
      throw new SettingsException(
          where + "is no number and has no range; list its values: " + key.kind().describe());
    }
    String scale = range.get("scale") == null ? "linear" : range.get("scale").toString();
    if (!Set.of("linear", "log").contains(scale)) {
      throw new SettingsException(where + "expected scale linear or log, got '" + scale + "'");
    }
    boolean log = scale.equals("log");
    Number from = (Number) Settings.value(key, range.get("from"), source);
    Number to = (Number) Settings.value(key, range.get("to"), source);
    if (!(from.doubleValue() < to.doubleValue())) {
      throw new SettingsException(where + "expected from below to, got " + from + " and " + to);
    }
    if (log && from.doubleValue() <= 0) {
      throw new SettingsException(
          where + "expected from above 0 with scale log, got " + from + "; take scale: linear");
    }
    return from instanceof Long least
        ? new Whole(least, to.longValue(), log)
        : new Real(from.doubleValue(), to.doubleValue(), log);
  }

  /** Each as likely. */
  record Listed(List<Object> values) implements Values {
    @Override
    public Object at(int word) {
      return values.get(Philox.bounded(word, values.size()));
    }
  }

  /** Integers, both ends included. */
  record Whole(long from, long to, boolean log) implements Values {
    @Override
    public Object at(int word) {
      // Every integer stands for the half around it, so that the ends are as likely as the others.
      double value = between(from - 0.5, to + 0.5, log, word);
      return Math.clamp(Math.round(value), from, to);
    }
  }

  /** Numbers of three digits, which is as fine as a search is, and easy to read and to repeat. */
  record Real(double from, double to, boolean log) implements Values {
    private static final MathContext DIGITS = new MathContext(3);

    @Override
    public Object at(int word) {
      double value = new BigDecimal(between(from, to, log, word)).round(DIGITS).doubleValue();
      return Math.clamp(value, from, to);
    }
  }

  /** A word as a place between two ends. */
  private static double between(double from, double to, boolean log, int word) {
    double share = (Integer.toUnsignedLong(word) + 0.5) * 0x1p-32;
    // StrictMath: the same trials on every machine
    return log
        ? from * StrictMath.exp(share * StrictMath.log(to / from))
        : from + share * (to - from);
  }
}
