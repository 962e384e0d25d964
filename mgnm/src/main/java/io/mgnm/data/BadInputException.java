package io.mgnm.data;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The user's input cannot be used: says where, what was expected, what came, and what to do.
 *
 * <p>The command line prints the message without a stack trace and exits with code 2. Failures of
 * the program or the machine (a full disk, a bug) are other exceptions.
 */
public final class BadInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Values longer than this are cut in messages: a bad line may be megabytes long. */
  private static final int SHOWN = 80;

  private final transient Path file;
  private final long line;
  private final String expected;
  private final String found;
  private final String remedy;

  private BadInputException(
      Path file, String unit, long line, String expected, String found, String remedy) {
    super(
        (file == null ? "" : file + (line > 0 ? ", " + unit + " " + line : "") + ": ")
            + "expected "
            + expected
            + ", found "
            + found
            + "."
            + System.lineSeparator()
            + "Remedy: "
            + remedy);
    this.file = file;
    this.line = line;
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }

  /** Bad input at a line (1-based) of a text file. */
  public static BadInputException atLine(
      Path file, long line, String expected, String found, String remedy) {
    return new BadInputException(file, "line", line, expected, found, remedy);
  }

  /** Bad input at a row (1-based) of a file that has no lines, such as Parquet. */
  public static BadInputException atRow(
      Path file, long row, String expected, String found, String remedy) {
    return new BadInputException(file, "row", row, expected, found, remedy);
  }

  /** Bad input that concerns a whole file or folder. */
  public static BadInputException inFile(Path file, String expected, String found, String remedy) {
    return new BadInputException(file, "line", 0, expected, found, remedy);
  }

  /** Bad input that is in no file: an option, or options that contradict each other. */
  public static BadInputException option(String expected, String found, String remedy) {
    return new BadInputException(null, "line", 0, expected, found, remedy);
  }

  /** The file or folder at fault, if it is in one. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /** The 1-based line (or row), if there is one. */
  public OptionalLong line() {
    return line > 0 ? OptionalLong.of(line) : OptionalLong.empty();
  }

  /** What was expected. */
  public String expected() {
    return expected;
  }

  /** What came instead. */
  public String found() {
    return found;
  }

  /** What the user can do about it. */
  public String remedy() {
    return remedy;
  }

  /** A value as it is shown in a message: in quotes, cut where it is long. */
  public static String quote(String value) {
    if (value == null) {
      return "nothing";
    }
    String shown =
        value.length() <= SHOWN
            ? value
            : value.substring(0, SHOWN) + "… (" + value.length() + " characters)";
    return "'" + shown.replace("\n", "\\n").replace("\r", "\\r") + "'";
  }
}
