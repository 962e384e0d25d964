package io.mgnm.simulator.launch;

import java.util.ArrayList;
import java.util.List;

/**
 * One form of an instruction and what it computes.
 *
 * @param opcode with all its modifiers
 * @param result bytes of the result's register; 0 for a predicate
 * @param sources bytes of each source's register
 * @param answer the result's bits from the sources' bits
 */
record FormCase(String opcode, int result, List<Integer> sources, Answer answer) {
  /** What an independent computation gives. */
  @FunctionalInterface
  interface Answer {
    long of(long a, long b, long c);
  }

  private static final String[] SUFFIXES = {"a", "b", "c"};

  FormCase(String opcode, int bytes, int sources, Answer answer) {
    this(opcode, bytes, List.of(bytes, bytes, bytes).subList(0, sources), answer);
  }

  /** The instruction, and the moves that bring its result to {@code %q}. */
  String body() {
    StringBuilder text = new StringBuilder(opcode);
    text.append(result == 0 ? " %x" : result == 2 ? " %hd" : result == 4 ? " %d" : " %q");
    for (int i = 0; i < sources.size(); i++) {
      text.append(", ").append(register(sources.get(i), i));
    }
    text.append(";\n");
    text.append(
        switch (result) {
          case 0 -> "selp.b64 %q, 1, 0, %x;";
          case 2 -> "cvt.u64.u16 %q, %hd;";
          case 4 -> "cvt.u64.u32 %q, %d;";
          default -> "";
        });
    return text.toString();
  }

  private static String register(int bytes, int index) {
    String prefix = bytes == 2 ? "%h" : bytes == 4 ? "%" : "%q";
    return prefix + SUFFIXES[index];
  }

  /** The bits of source {@code index} where the kernel's three words are these. */
  long source(int index, int[] words) {
    int low = words[index];
    return switch (sources.get(index)) {
      case 2 -> low & 0xffffL;
      case 4 -> low & 0xffffffffL;
      default -> (long) words[(index + 1) % 3] << 32 | (low & 0xffffffffL);
    };
  }

  long expected(int... words) {
    long[] operands = new long[3];
    for (int i = 0; i < sources.size(); i++) {
      operands[i] = source(i, words);
    }
    long value = answer.of(operands[0], operands[1], operands[2]);
    return switch (result) {
      case 2 -> value & 0xffffL;
      case 4 -> value & 0xffffffffL;
      default -> value;
    };
  }

  /** All ways to choose from each of the lists, joined by dots; an empty string is left out. */
  static List<String> product(String first, String[]... choices) {
    List<String> result = List.of(first);
    for (String[] choice : choices) {
      List<String> longer = new ArrayList<>();
      for (String start : result) {
        for (String modifier : choice) {
          longer.add(modifier.isEmpty() ? start : start + "." + modifier);
        }
      }
      result = longer;
    }
    return result;
  }
}
