package io.mgnm.simulator.launch;

import java.util.ArrayList;
import java.util.List;

/** {@code setp set selp slct testp} of all types, from the order of numbers. */
final class CompareForms {
  private static final String[] BITS = {"b16", "b32", "b64"};
  private static final String[] INTEGERS = {"u16", "s16", "u32", "s32", "u64", "s64"};
  private static final String[] REALS = {"f32", "f16", "f64", "bf16"};
  private static final String[] ANY = {
    "b16", "b32", "b64", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"
  };
  private static final String[] ORDERED = {"eq", "ne", "lt", "le", "gt", "ge"};
  private static final String[] UNSIGNED = {"lo", "ls", "hi", "hs"};
  private static final String[] REAL = {
    "eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"
  };

  private CompareForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String type : BITS) {
      predicates(result, new String[] {"eq", "ne"}, type);
    }
    for (String type : INTEGERS) {
      predicates(result, ORDERED, type);
      if (type.startsWith("u")) {
        predicates(result, UNSIGNED, type);
      }
    }
    for (String type : REALS) {
      predicates(result, REAL, type);
    }
    sets(result);
    choices(result);
    tests(result);
    return result;
  }

  /** -1, 0 or 1; 2 where an operand is NaN. */
  private static int order(long a, long b, String type, boolean ftz) {
    if (!type.contains("f")) {
      String number = type.replace('b', 'u');
      return IntegerForms.number(a, number).compareTo(IntegerForms.number(b, number));
    }
    Exact format = Exact.of(type);
    double x = format.flush(format.value(a), ftz);
    double y = format.flush(format.value(b), ftz);
    return Double.isNaN(x) || Double.isNaN(y) ? 2 : x == y ? 0 : x < y ? -1 : 1;
  }

  private static boolean holds(String comparison, int order) {
    boolean unordered = order == 2;
    return switch (comparison) {
      case "eq" -> order == 0;
      case "ne" -> order == -1 || order == 1;
      case "lt", "lo" -> order == -1;
      case "le", "ls" -> order == -1 || order == 0;
      case "gt", "hi" -> order == 1;
      case "ge", "hs" -> order == 1 || order == 0;
      case "num" -> !unordered;
      case "nan" -> unordered;
      default -> unordered || holds(comparison.substring(0, 2), order);
    };
  }

  private static String[] flushes(String type) {
    return type.equals("f32") || type.startsWith("f16")
        ? new String[] {"", ".ftz"}
        : new String[] {""};
  }

  private static String operands(String type) {
    int bytes = bytes(type);
    return bytes == 2 ? "%ha, %hb" : bytes == 4 ? "%a, %b" : "%qa, %qb";
  }

  private static int bytes(String type) {
    return type.endsWith("x2") ? 4 : Integer.parseInt(type.replaceAll("[^0-9]", "")) / 8;
  }

  private static void predicates(List<FormCase> result, String[] comparisons, String type) {
    String operands = operands(type);
    for (String ftz : flushes(type)) {
      for (String comparison : comparisons) {
        FormCase.Formula holds =
            (a, b, c) -> holds(comparison, order(a, b, type, !ftz.isEmpty())) ? 1 : 0;
        result.add(new FormCase("setp." + comparison + ftz + "." + type, 0, operands, holds));
        for (String bool : new String[] {"and", "or", "xor"}) {
          String opcode = "setp." + comparison + "." + bool + ftz + "." + type;
          // The second result is that of the opposite comparison; halves have none.
          boolean two = !type.endsWith("f16");
          String body =
              (two ? "" : "setp.ne.b32 %y, 0, 0;\n")
                  + opcode
                  + (two ? " %x|%y, " : " %x, ")
                  + operands
                  + ", !%pc;\nselp.b64 %q, 2, 0, %x;\n@%y add.u64 %q, %q, 1;";
          result.add(
              new FormCase(
                  opcode,
                  body,
                  lane -> {
                    String[] names = operands.split(", ", -1);
                    long truth = holds.of(lane.register(names[0]), lane.register(names[1]), 0);
                    long third = 1 - lane.register("%pc");
                    return 2 * combined(bool, truth, third)
                        + (two ? combined(bool, 1 - truth, third) : 0);
                  }));
        }
      }
    }
  }

  private static long combined(String bool, long x, long y) {
    return switch (bool) {
      case "and" -> x & y;
      case "or" -> x | y;
      default -> x ^ y;
    };
  }

  private static void sets(List<FormCase> result) {
    for (String out : new String[] {"u32", "s32", "f32"}) {
      long one = out.equals("f32") ? 0x3f800000L : 0xffffffffL;
      for (String type :
          new String[] {"b16", "b32", "u16", "s16", "u32", "s32", "f32", "f16", "bf16"}) {
        if (out.equals("f32") && type.endsWith("f16")) {
          continue;
        }
        List<String> comparisons = new ArrayList<>();
        comparisons.addAll(
            type.startsWith("b") && !type.startsWith("bf")
                ? List.of("eq", "ne")
                : List.of(type.contains("f") ? REAL : ORDERED));
        if (type.startsWith("u")) {
          comparisons.addAll(List.of(UNSIGNED));
        }
        for (String comparison : comparisons) {
          for (String ftz : flushes(type)) {
            result.add(
                new FormCase(
                    "set." + comparison + ftz + "." + out + "." + type,
                    4,
                    operands(type),
                    (a, b, c) -> holds(comparison, order(a, b, type, !ftz.isEmpty())) ? one : 0));
          }
        }
      }
    }
    for (String type : new String[] {"f16x2", "bf16x2"}) {
      long one = Exact.of(type).bits(1);
      for (String comparison : REAL) {
        for (String ftz : flushes(type)) {
          boolean flush = !ftz.isEmpty();
          result.add(
              new FormCase(
                  "set." + comparison + ftz + "." + type + "." + type,
                  4,
                  "%a, %b",
                  (a, b, c) ->
                      (holds(comparison, order(a & 0xffff, b & 0xffff, type, flush)) ? one : 0)
                          | (holds(comparison, order(a >>> 16, b >>> 16, type, flush))
                              ? one << 16
                              : 0)));
        }
      }
    }
  }

  private static void choices(List<FormCase> result) {
    for (String type : ANY) {
      int bytes = bytes(type);
      result.add(
          new FormCase(
              "selp." + type, bytes, List.of(bytes, bytes, 0), (a, b, c) -> c != 0 ? a : b));
      result.add(
          new FormCase(
              "slct." + type + ".s32",
              bytes,
              List.of(bytes, bytes, 4),
              (a, b, c) -> (int) c >= 0 ? a : b));
      for (String ftz : flushes("f32")) {
        // A NaN is not at least zero; -0 is, and with .ftz so is a negative subnormal.
        result.add(
            new FormCase(
                "slct" + ftz + "." + type + ".f32",
                bytes,
                List.of(bytes, bytes, 4),
                (a, b, c) -> {
                  double v = Exact.F32.flush(Exact.F32.value(c), !ftz.isEmpty());
                  return v >= 0 ? a : b;
                }));
      }
    }
  }

  private static void tests(List<FormCase> result) {
    for (String type : new String[] {"f32", "f64"}) {
      int bits = bytes(type) * 8;
      int fraction = bits == 32 ? 23 : 52;
      for (String what :
          new String[] {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}) {
        result.add(
            new FormCase(
                "testp." + what + "." + type,
                0,
                bits == 32 ? "%a" : "%qa",
                (a, b, c) -> {
                  long exponent = (a >>> fraction) & ((1L << (bits - 1 - fraction)) - 1);
                  long rest = a & (1L << fraction) - 1;
                  boolean top = exponent == (1L << (bits - 1 - fraction)) - 1;
                  boolean truth =
                      switch (what) {
                        case "finite" -> !top;
                        case "infinite" -> top && rest == 0;
                        case "number" -> !top || rest == 0;
                        case "notanumber" -> top && rest != 0;
                        case "normal" -> !top && exponent != 0;
                        default -> exponent == 0 && rest != 0;
                      };
                  return truth ? 1 : 0;
                }));
      }
    }
  }
}
