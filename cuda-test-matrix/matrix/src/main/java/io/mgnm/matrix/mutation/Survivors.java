package io.mgnm.matrix.mutation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * The committed list of mutants that no case catches, {@code survivors.txt}: a line with the
 * mutant's name, and below it, indented, the reason. A reason that begins with {@code equivalent:}
 * says why the kernel does the same as before, so that there is no mistake to be found; one with
 * {@code unseen:} says what would have to be tested and is not.
 */
public final class Survivors {
  private static final String EQUIVALENT = "equivalent: ";

  private final Map<String, String> reasons;

  private Survivors(Map<String, String> reasons) {
    this.reasons = reasons;
  }

  /** The list as it is committed. */
  public static Survivors committed() {
    try (InputStream in = Survivors.class.getResourceAsStream("survivors.txt")) {
      return of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Survivors of(String text) {
    Map<String, String> reasons = new TreeMap<>();
    String name = null;
    for (String line : text.lines().toList()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (!line.startsWith(" ")) {
        name = line.strip();
        reasons.put(name, "");
      } else if (name == null) {
        throw new IllegalArgumentException("survivors.txt: a reason before any name: " + line);
      } else {
        reasons.merge(name, line.strip(), (one, more) -> (one + " " + more).strip());
      }
    }
    reasons.forEach(
        (mutant, reason) -> {
          if (!reason.startsWith(EQUIVALENT) && !reason.startsWith("unseen: ")) {
            throw new IllegalArgumentException(
                "survivors.txt: no reason, 'equivalent: ' or 'unseen: ', below " + mutant);
          }
        });
    return new Survivors(reasons);
  }

  /** All names, each with false. */
  Map<String, Boolean> names() {
    Map<String, Boolean> names = new TreeMap<>();
    reasons.keySet().forEach(name -> names.put(name, false));
    return names;
  }

  /** Whether a mutant of that name does what the kernel does. */
  boolean isEquivalent(String name) {
    return reasons.getOrDefault(name, "").startsWith(EQUIVALENT);
  }

  /** Whether a mutant of that name is known to survive, and explained. */
  boolean explains(String name) {
    return reasons.containsKey(name);
  }
}
