package io.mgnm.matrix;

import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.CaseResult.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The committed list of what may be unsupported, {@code unsupported.txt}: a line has words that the
 * case's name must contain, a colon, and words that the reason must contain.
 *
 * <p>What is unsupported and not on the list has failed: a new gap must be seen.
 */
final class Unsupported {
  private final List<Entry> entries;
  private final boolean deviceRequired;

  private record Entry(Filter cases, String reason) {}

  private Unsupported(List<Entry> entries, boolean deviceRequired) {
    this.entries = entries;
    this.deviceRequired = deviceRequired;
  }

  /**
   * The list as it is committed; empty where the property {@code simulated.cuda.required} is set.
   */
  static Unsupported committed() {
    try (InputStream in = Unsupported.class.getResourceAsStream("unsupported.txt")) {
      return of(
          new String(in.readAllBytes(), StandardCharsets.UTF_8),
          Boolean.getBoolean("simulated.cuda.required"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Unsupported of(String text, boolean deviceRequired) {
    return new Unsupported(
        text.lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .map(Unsupported::entry)
            .toList(),
        deviceRequired);
  }

  private static Entry entry(String line) {
    int colon = line.indexOf(": ");
    if (colon < 0) {
      throw new IllegalArgumentException(
          "unsupported.txt: expected 'words of the case: words of the reason', got: " + line);
    }
    return new Entry(new Filter(line.substring(0, colon)), line.substring(colon + 2));
  }

  /** The result, failed where it is unsupported without being on the list. */
  CaseResult judge(CaseResult result) {
    boolean listed =
        !deviceRequired
            && entries.stream()
                .anyMatch(
                    entry ->
                        entry.cases().matches(result.name())
                            && result.message().contains(entry.reason()));
    if (result.outcome() != Outcome.UNSUPPORTED || listed) {
      return result;
    }
    return new CaseResult(
        result.stem(),
        result.direction(),
        result.shape(),
        result.target(),
        Outcome.FAILED,
        "unsupported, and not on the list of what may be: " + result.message(),
        result.seconds());
  }
}
