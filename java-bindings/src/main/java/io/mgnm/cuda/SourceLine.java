package io.mgnm.cuda;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The line of a source that a compiler's message means, as people want to see it. */
final class SourceLine {
  private static final Pattern MESSAGE = Pattern.compile("^(.+?)\\((\\d+)\\): .*");

  private SourceLine() {}

  /** {@code 12 | text}, where the message is {@code FILE(12): ...} of the source or its headers. */
  static Optional<String> of(KernelSource source, String message) {
    Matcher matcher = MESSAGE.matcher(message);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String file = matcher.group(1);
    String text =
        file.equals(source.fileName()) ? source.text() : source.headers().get(baseName(file));
    int number = Integer.parseInt(matcher.group(2));
    return text == null
        ? Optional.empty()
        : text.lines().skip(number - 1L).findFirst().map(line -> "  %d | %s".formatted(number, line));
  }

  private static String baseName(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
