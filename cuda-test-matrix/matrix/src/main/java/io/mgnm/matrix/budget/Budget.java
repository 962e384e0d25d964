package io.mgnm.matrix.budget;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What one kernel, compiled with one set of constants, may take of a multiprocessor; nothing may be
 * spilled.
 *
 * @param stem whose source has the kernel
 * @param constants the compiler's options, such as {@code D=16 VECTOR=4}
 * @param kernel its name
 * @param registers of a thread, by architecture: 75 for sm_75; those for which the constants are
 *     used
 * @param staticShared bytes a block
 * @param dynamicShared bytes a block at most for histories of 100 items, by the simulated device's
 *     architecture; none where it was not launched
 */
record Budget(
    String stem,
    String constants,
    String kernel,
    Map<Integer, Integer> registers,
    int staticShared,
    Map<Integer, Integer> dynamicShared) {

  /** Architectures for which kernels are compiled. */
  static final List<Integer> ARCHITECTURES = List.of(75, 80, 86, 89, 90, 100, 120);

  /** Architectures that the simulated device can be. */
  static final List<Integer> SIMULATED = List.of(75, 86, 90);

  /** The simulated architecture that stands for another: constants may follow shared memory. */
  static int simulatedFor(int architecture) {
    return switch (architecture) {
      case 75 -> 75;
      case 90, 100 -> 90;
      default -> 86;
    };
  }

  /** As a line of the list. */
  String line() {
    return String.join(
        " | ",
        stem,
        constants,
        kernel,
        columns(ARCHITECTURES, registers),
        Integer.toString(staticShared),
        columns(SIMULATED, dynamicShared));
  }

  private static String columns(List<Integer> keys, Map<Integer, Integer> values) {
    return keys.stream()
        .map(key -> values.containsKey(key) ? values.get(key).toString() : "-")
        .collect(Collectors.joining(" "));
  }

  /** Reads a line of the list. */
  static Budget of(String line) {
    List<String> parts = Arrays.stream(line.split("\\|")).map(String::strip).toList();
    if (parts.size() != 6) {
      throw new IllegalArgumentException("budgets.txt: expected six columns, got: " + line);
    }
    return new Budget(
        parts.get(0),
        parts.get(1),
        parts.get(2),
        values(ARCHITECTURES, parts.get(3)),
        Integer.parseInt(parts.get(4)),
        values(SIMULATED, parts.get(5)));
  }

  private static Map<Integer, Integer> values(List<Integer> keys, String text) {
    List<String> words = List.of(text.split(" +"));
    if (words.size() != keys.size()) {
      throw new IllegalArgumentException("budgets.txt: expected " + keys + ", got: " + text);
    }
    Map<Integer, Integer> values = new TreeMap<>();
    for (int i = 0; i < words.size(); i++) {
      if (!words.get(i).equals("-")) {
        values.put(keys.get(i), Integer.parseInt(words.get(i)));
      }
    }
    return values;
  }
}
