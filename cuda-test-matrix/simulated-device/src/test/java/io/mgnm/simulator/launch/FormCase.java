package io.mgnm.simulator.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One form of an instruction and what it computes.
 *
 * @param opcode with all its modifiers
 * @param body statements that leave the result in {@code %q}, the form among them; see {@link
 *     FormKernel} for the registers they find
 * @param answer the bits of {@code %q}
 * @param match when a result is right
 */
record FormCase(String opcode, String body, Answer answer, Match match) {
  /** What an independent computation gives for one thread. */
  @FunctionalInterface
  interface Answer {
    long of(Lane lane);
  }

  /** The result's bits from the bits of the sources. */
  @FunctionalInterface
  interface Formula {
    long of(long a, long b, long c);
  }

  /** When a result is right. */
  enum Match {
    BITS,
    /** Bits, and a double that is NaN may be any NaN. */
    DOUBLE,
    /** A float next to the right one, as approximations may give. */
    FLOAT_ULP,
    /** A double with the first 20 bits of fraction right. */
    COARSE_DOUBLE
  }

  private static final Pattern REGISTER = Pattern.compile("%[hqp]?[abc]\\b");

  FormCase(String opcode, String body, Answer answer) {
    this(opcode, body, answer, Match.BITS);
  }

  /** A result of so many bytes (0: a predicate) from operands as PTX writes them. */
  FormCase(String opcode, int result, String operands, Answer answer) {
    this(opcode, body(opcode, result, operands), lane -> cut(result, answer.of(lane)));
  }

  /** The same from the bits of the sources among %a %b %c, %ha ..., %qa ..., %pa ... in order. */
  FormCase(String opcode, int result, String operands, Formula formula) {
    this(opcode, result, operands, (Answer) lane -> formula(operands, formula, lane));
  }

  FormCase(String opcode, int bytes, int sources, Formula formula) {
    this(opcode, bytes, registers(bytes, sources), formula);
  }

  FormCase(String opcode, int result, List<Integer> sources, Formula formula) {
    this(opcode, result, registers(sources), formula);
  }

  FormCase matching(Match other) {
    return new FormCase(opcode, body, answer, other);
  }

  private static long formula(String operands, Formula formula, Lane lane) {
    long[] values = new long[3];
    Matcher m = REGISTER.matcher(operands);
    for (int i = 0; i < 3 && m.find(); i++) {
      values[i] = lane.register(m.group());
    }
    return formula.of(values[0], values[1], values[2]);
  }

  private static String registers(int bytes, int sources) {
    return registers(List.of(bytes, bytes, bytes).subList(0, sources));
  }

  private static String registers(List<Integer> bytes) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < bytes.size(); i++) {
      String prefix =
          switch (bytes.get(i)) {
            case 0 -> "%p";
            case 2 -> "%h";
            case 4 -> "%";
            default -> "%q";
          };
      names.add(prefix + "abc".charAt(i));
    }
    return String.join(", ", names);
  }

  private static String body(String opcode, int result, String operands) {
    String text =
        switch (result) {
          case 0 -> " %x, ";
          case 2 -> " %hd, ";
          case 4 -> " %d, ";
          default -> " %q, ";
        };
    return opcode + text + operands + ";\n" + toQuad(result);
  }

  /** Brings a result of so many bytes to {@code %q}. */
  static String toQuad(int result) {
    return switch (result) {
      case 0 -> "selp.b64 %q, 1, 0, %x;";
      case 2 -> "cvt.u64.u16 %q, %hd;";
      case 4 -> "cvt.u64.u32 %q, %d;";
      default -> "";
    };
  }

  private static long cut(int bytes, long value) {
    return switch (bytes) {
      case 0 -> value & 1;
      case 2 -> value & 0xffffL;
      case 4 -> value & 0xffffffffL;
      default -> value;
    };
  }

  boolean right(long got, long want) {
    return got == want
        || switch (match) {
          case BITS -> false;
          case DOUBLE -> bothNaN(got, want);
          case FLOAT_ULP -> got >>> 31 == want >>> 31 && Math.abs(got - want) <= 1;
          case COARSE_DOUBLE -> Math.abs((got >>> 32) - (want >>> 32)) <= 1 || bothNaN(got, want);
        };
  }

  private static boolean bothNaN(long a, long b) {
    return Double.isNaN(Double.longBitsToDouble(a)) && Double.isNaN(Double.longBitsToDouble(b));
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
