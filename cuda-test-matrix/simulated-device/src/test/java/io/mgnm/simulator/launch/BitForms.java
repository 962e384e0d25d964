package io.mgnm.simulator.launch;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Bit counting, bit fields, shifts of two words, permutations of bytes, logic of predicates. */
final class BitForms {
  private BitForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (int bits : new int[] {32, 64}) {
      int bytes = bits / 8;
      String a = bits == 64 ? "%qa" : "%a";
      result.add(
          new FormCase(
              "popc.b" + bits, 4, a, (x, y, z) -> binary(x, bits).replace("0", "").length()));
      result.add(
          new FormCase(
              "clz.b" + bits, 4, a, (x, y, z) -> binary(x, bits).concat("1").indexOf('1')));
      result.add(
          new FormCase(
              "brev.b" + bits,
              bytes,
              a,
              (x, y, z) ->
                  new BigInteger(new StringBuilder(binary(x, bits)).reverse().toString(), 2)
                      .longValue()));
      for (String sign : new String[] {"u", "s"}) {
        String type = sign + bits;
        for (String shift : new String[] {"", ".shiftamt"}) {
          result.add(
              new FormCase(
                  "bfind" + shift + "." + type,
                  4,
                  a,
                  (x, y, z) -> found(x, type, bits, !shift.isEmpty())));
        }
        result.add(
            new FormCase(
                "bfe." + type, bytes, a + ", %b, %c", (x, y, z) -> field(x, y, z, type, bits)));
        // Short fields as well, which random lengths seldom are.
        result.add(
            new FormCase(
                "bfe." + type, bytes, a + ", 5, 11", (x, y, z) -> field(x, 5, 11, type, bits)));
      }
      String b = bits == 64 ? "%qb" : "%b";
      result.add(
          new FormCase(
              "bfi.b" + bits,
              bytes,
              a + ", " + b + ", %c, %i",
              lane ->
                  insert(
                      lane.register(a), lane.register(b), lane.c() & 0xff, lane.i() & 0xff, bits)));
    }
    fields(result);
    small(result);
    bytes(result);
    predicates(result);
    for (int bits : new int[] {16, 32, 64}) {
      result.add(
          new FormCase(
              "shr.b" + bits,
              bits / 8,
              List.of(bits / 8, 4),
              (x, y, z) ->
                  IntegerForms.number(x, "u" + bits)
                      .shiftRight((int) Math.min(y, 64))
                      .longValue()));
    }
    return result;
  }

  /** All bits, the highest first. */
  private static String binary(long x, int bits) {
    String digits = Long.toBinaryString(bits == 32 ? x & 0xffffffffL : x);
    return "0".repeat(bits - digits.length()) + digits;
  }

  private static long found(long x, String type, int bits, boolean shift) {
    String digits = binary(x, bits);
    char wanted = type.startsWith("s") && digits.charAt(0) == '1' ? '0' : '1';
    int leading = digits.indexOf(wanted);
    return leading < 0 ? 0xffffffffL : shift ? leading : bits - 1 - leading;
  }

  /** Bit by bit, as the ISA's pseudocode has it. */
  private static long field(long a, long b, long c, String type, int bits) {
    int position = (int) b & 0xff;
    int length = (int) c & 0xff;
    boolean unsigned = type.startsWith("u");
    boolean sign = !unsigned && length > 0 && bit(a, Math.min(position + length - 1, bits - 1));
    long result = 0;
    for (int i = 0; i < bits; i++) {
      boolean set = (i < length && position + i < bits) ? bit(a, position + i) : sign;
      result |= set ? 1L << i : 0;
    }
    return result;
  }

  private static boolean bit(long x, int i) {
    return (x >>> i & 1) != 0;
  }

  private static long insert(long a, long b, int position, int length, int bits) {
    long result = b;
    for (int i = 0; i < length && position + i < bits; i++) {
      long at = 1L << (position + i);
      result = bit(a, i) ? result | at : result & ~at;
    }
    return result;
  }

  private static void fields(List<FormCase> result) {
    for (String mode : new String[] {"clamp", "wrap"}) {
      boolean wrap = mode.equals("wrap");
      result.add(
          new FormCase(
              "bmsk." + mode + ".b32",
              4,
              2,
              (a, b, c) -> {
                long position = wrap ? a & 31 : Math.min(a, 32);
                long length = wrap ? b & 31 : Math.min(b, 32);
                return BigInteger.ONE
                    .shiftLeft((int) length)
                    .subtract(BigInteger.ONE)
                    .shiftLeft((int) position)
                    .longValue();
              }));
      for (String type : new String[] {"u32", "s32"}) {
        result.add(
            new FormCase(
                "szext." + mode + "." + type,
                4,
                2,
                (a, b, c) -> {
                  int length = (int) (wrap ? b & 31 : Math.min(b, 32));
                  return length == 0
                      ? 0
                      : IntegerForms.number(a & (1L << length) - 1, "u64")
                          .subtract(
                              type.startsWith("s") && bit(a, length - 1)
                                  ? BigInteger.ONE.shiftLeft(length)
                                  : BigInteger.ZERO)
                          .longValue();
                }));
      }
      for (String side : new String[] {"l", "r"}) {
        result.add(
            new FormCase(
                "shf." + side + "." + mode + ".b32",
                4,
                3,
                (a, b, c) -> {
                  int n = (int) (wrap ? c & 31 : Math.min(c, 32));
                  BigInteger both = BigInteger.valueOf(b).shiftLeft(32).or(BigInteger.valueOf(a));
                  return side.equals("l")
                      ? both.shiftLeft(n).shiftRight(32).longValue()
                      : both.shiftRight(n).longValue();
                }));
      }
    }
  }

  private static void small(List<FormCase> result) {
    for (String sign : new String[] {"u", "s"}) {
      String type = sign + "32";
      result.add(
          new FormCase(
              "sad." + type,
              4,
              3,
              (a, b, c) ->
                  IntegerForms.number(a, type)
                      .subtract(IntegerForms.number(b, type))
                      .abs()
                      .add(BigInteger.valueOf(c))
                      .longValue()));
      for (String part : new String[] {"lo", "hi"}) {
        int shift = part.equals("hi") ? 16 : 0;
        result.add(
            new FormCase(
                "mul24." + part + "." + type, 4, 2, (a, b, c) -> product24(a, b, sign) >> shift));
        result.add(
            new FormCase(
                "mad24." + part + "." + type,
                4,
                3,
                (a, b, c) -> (product24(a, b, sign) >> shift) + c));
      }
      for (String other : new String[] {"u", "s"}) {
        result.add(
            new FormCase(
                "dp4a." + type + "." + other + "32",
                4,
                3,
                (a, b, c) -> {
                  long sum = c;
                  for (int i = 0; i < 32; i += 8) {
                    sum += part(a >>> i, 8, sign) * part(b >>> i, 8, other);
                  }
                  return sum;
                }));
      }
    }
  }

  private static long part(long x, int bits, String sign) {
    long value = x & (1L << bits) - 1;
    return sign.equals("s") && bit(value, bits - 1) ? value - (1L << bits) : value;
  }

  private static long product24(long a, long b, String sign) {
    return part(a, 24, sign) * part(b, 24, sign);
  }

  private static void bytes(List<FormCase> result) {
    result.add(new FormCase("lop3.b32", 4, "%a, %b, %c, 0x96", (a, b, c) -> a ^ b ^ c));
    result.add(new FormCase("lop3.b32", 4, "%a, %b, %c, 0xca", (a, b, c) -> (a & b) | (~a & c)));
    result.add(new FormCase("lop3.b32", 4, "%a, %b, %c, 0x10", (a, b, c) -> a & ~b & ~c));
    result.add(new FormCase("lop3.b32", 4, "%a, %b, %c, 0xd5", (a, b, c) -> ~c | (a & b)));
    result.add(new FormCase("prmt.b32", 4, 3, (a, b, c) -> permuted(a, b, (int) c)));
    // Rows of the ISA's table: what the selectors 0 to 3 choose, the highest byte first.
    String[][] modes = {
      {"f4e", "3210", "4321", "5432", "6543"},
      {"b4e", "5670", "6701", "7012", "0123"},
      {"rc8", "0000", "1111", "2222", "3333"},
      {"ecl", "3210", "3211", "3222", "3333"},
      {"ecr", "0000", "1110", "2210", "3210"},
      {"rc16", "1010", "3232", "1010", "3232"}
    };
    for (String[] mode : modes) {
      result.add(
          new FormCase(
              "prmt.b32." + mode[0],
              4,
              3,
              (a, b, c) -> permuted(a, b, Integer.parseInt(mode[1 + (int) (c & 3)], 16))));
    }
  }

  private static long permuted(long a, long b, int selector) {
    long result = 0;
    for (int i = 3; i >= 0; i--) {
      int choice = (selector >>> (4 * i)) & 15;
      long from = (choice & 7) < 4 ? a >>> (8 * (choice & 3)) : b >>> (8 * (choice & 3));
      long value = choice < 8 ? from & 255 : (from & 128) != 0 ? 255 : 0;
      result = result << 8 | value;
    }
    return result;
  }

  private static void predicates(List<FormCase> result) {
    result.add(new FormCase("and.pred", 0, "%pa, %pb", (a, b, c) -> a * b));
    result.add(new FormCase("or.pred", 0, "%pa, %pb", (a, b, c) -> Math.max(a, b)));
    result.add(new FormCase("xor.pred", 0, "%pa, %pb", (a, b, c) -> (a + b) % 2));
    result.add(new FormCase("not.pred", 0, "%pa", (a, b, c) -> 1 - a));
  }
}
