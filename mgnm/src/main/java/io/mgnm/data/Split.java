package io.mgnm.data;

import java.util.Locale;

/** How samples are divided into training, validation and test. */
public sealed interface Split {

  /**
   * The paper's 7:1:2 over all samples in (time, row) order: training is the first ⌊.7n⌋, test the
   * last ⌊.2n⌋, validation what lies between.
   */
  record Ratio() implements Split {}

  /**
   * Two cut times, written as times are in the data: {@code t < validationFrom} is training, {@code
   * validationFrom <= t < testFrom} validation, the rest test.
   */
  record Time(String validationFrom, String testFrom) implements Split {}

  /**
   * The last target of a user is test, the last but one validation; a user with two items is test
   * only. The history of the test sample includes the validation item.
   */
  record LeaveOneOut() implements Split {}

  /** True where the split compares times, so that data without times cannot have it. */
  default boolean needsTimes() {
    return !(this instanceof LeaveOneOut);
  }

  /** The name on the command line and in the manifest. */
  default String label() {
    return switch (this) {
      case Ratio r -> "ratio";
      case Time t -> "time";
      case LeaveOneOut l -> "leave-one-out";
    };
  }

  /**
   * Reads {@code ratio}, {@code time} or {@code leave-one-out}.
   *
   * @param cuts the two cut times separated by a comma for {@code time}, else null
   * @throws BadInputException for another name, or cuts that do not fit it
   */
  static Split parse(String label, String cuts) {
    Split split =
        switch (label.toLowerCase(Locale.ROOT)) {
          case "ratio" -> new Ratio();
          case "leave-one-out" -> new LeaveOneOut();
          case "time" -> parseTime(cuts);
          default ->
              throw BadInputException.option(
                  "--split ratio, time or leave-one-out",
                  BadInputException.quote(label),
                  "name one of the three");
        };
    if (cuts != null && !(split instanceof Time)) {
      throw BadInputException.option(
          "--cut only with --split time",
          "--split " + label,
          "leave --cut out, or choose --split time");
    }
    return split;
  }

  private static Split parseTime(String cuts) {
    String[] two = cuts == null ? new String[0] : cuts.split(",", -1);
    if (two.length != 2 || two[0].isBlank() || two[1].isBlank()) {
      throw BadInputException.option(
          "two cut times for --split time",
          BadInputException.quote(cuts),
          "add for example --cut 2020-01-01,2021-01-01, in the unit of the data's times");
    }
    return new Time(two[0].strip(), two[1].strip());
  }
}
