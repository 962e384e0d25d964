package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Program;
import java.util.LinkedHashMap;
import java.util.Map;

/** Places of the register file beyond registers: constants, special registers, and scratch. */
final class Places {
  int words;
  int longs;
  int predicates;
  private final Map<Integer, Integer> wordConstants = new LinkedHashMap<>();
  private final Map<Long, Integer> longConstants = new LinkedHashMap<>();
  private final Map<Program.Special, Integer> specials = new LinkedHashMap<>();

  Places(int words, int longs, int predicates) {
    this.words = words;
    this.longs = longs;
    this.predicates = predicates;
  }

  int word(int value) {
    return wordConstants.computeIfAbsent(value, v -> words++);
  }

  int longWord(long value) {
    return longConstants.computeIfAbsent(value, v -> longs++);
  }

  int special(Program.Special special) {
    return specials.computeIfAbsent(special, s -> words++);
  }

  Program.Constants constants() {
    return new Program.Constants(
        wordConstants.values().stream().mapToInt(Integer::intValue).toArray(),
        wordConstants.keySet().stream().mapToInt(Integer::intValue).toArray(),
        longConstants.values().stream().mapToInt(Integer::intValue).toArray(),
        longConstants.keySet().stream().mapToLong(Long::longValue).toArray());
  }

  int[] specials() {
    int[] pairs = new int[specials.size() * 2];
    int i = 0;
    for (Map.Entry<Program.Special, Integer> entry : specials.entrySet()) {
      pairs[i++] = entry.getKey().ordinal();
      pairs[i++] = entry.getValue();
    }
    return pairs;
  }
}
