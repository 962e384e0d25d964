package io.mgnm.matrix;

import java.util.List;
import java.util.stream.Stream;

/** Chooses cases by name: words that must all occur, with {@code *} for anything. */
final class Filter {
  private final List<String> patterns;

  /**
   * @param words such as {@code "capsule_squash backward 7.5"}; blank takes everything
   */
  Filter(String words) {
    this.patterns =
        Stream.of(words.trim().split("\\s+"))
            .filter(word -> !word.isEmpty())
            .map(word -> "(?s).*\\Q" + word.replace("*", "\\E.*\\Q") + "\\E.*")
            .toList();
  }

  boolean matches(String name) {
    return patterns.stream().allMatch(name::matches);
  }
}
