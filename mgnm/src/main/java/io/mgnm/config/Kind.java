package io.mgnm.config;

import java.util.List;

/** What values a key takes. */
public sealed interface Kind {

  /** For people: "integer from 1 to 512". */
  String describe();

  /**
   * The value that {@code raw}, a scalar of YAML or the text behind {@code key=}, stands for; null
   * where it stands for none.
   */
  Object parse(Object raw);

  /** An integer of a closed range. */
  static Kind integer(long least, long most) {
    return new Whole(least, most);
  }

  /** A number of a closed range. */
  static Kind real(double least, double most) {
    return new Real(least, most);
  }

  /** True or false. */
  static Kind flag() {
    return new Flag();
  }

  /** One of a few words. */
  static Kind choice(String... words) {
    return new Choice(List.of(words));
  }

  /** See {@link #integer}. */
  record Whole(long least, long most) implements Kind {
    @Override
    public String describe() {
      return most == Long.MAX_VALUE
          ? "integer of at least " + least
          : "integer from " + least + " to " + most;
    }

    @Override
    public Object parse(Object raw) {
      try {
        long value = Long.parseLong(raw.toString());
        return value >= least && value <= most ? value : null;
      } catch (NumberFormatException e) {
        return null; // the caller says what was expected
      }
    }
  }

  /** See {@link #real}. */
  record Real(double least, double most) implements Kind {
    @Override
    public String describe() {
      return "number from " + least + " to " + most;
    }

    @Override
    public Object parse(Object raw) {
      try {
        double value = Double.parseDouble(raw.toString());
        return value >= least && value <= most ? value : null;
      } catch (NumberFormatException e) {
        return null; // the caller says what was expected
      }
    }
  }

  /** See {@link #flag}. */
  record Flag() implements Kind {
    @Override
    public String describe() {
      return "true or false";
    }

    @Override
    public Object parse(Object raw) {
      return switch (raw.toString()) {
        case "true" -> true;
        case "false" -> false;
        default -> null;
      };
    }
  }

  /** See {@link #choice}. */
  record Choice(List<String> words) implements Kind {
    @Override
    public String describe() {
      return "one of " + String.join(", ", words);
    }

    @Override
    public Object parse(Object raw) {
      return words.contains(raw.toString()) ? raw.toString() : null;
    }
  }
}
