package io.mgnm.simulator.launch;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** Integer arithmetic and logic of every type, by arithmetic on whole numbers of any size. */
final class IntegerForms {
  private static final String[] TYPES = {"u16", "s16", "u32", "s32", "u64", "s64"};

  private IntegerForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String type : TYPES) {
      arithmetic(result, type);
      products(result, type);
    }
    for (int bits : new int[] {16, 32, 64}) {
      logic(result, bits);
    }
    saturated(result);
    return result;
  }

  static int bits(String type) {
    return Integer.parseInt(type.substring(1));
  }

  /** The number that the low bits stand for. */
  static BigInteger number(long raw, String type) {
    int bits = bits(type);
    BigInteger unsigned =
        new BigInteger(Long.toUnsignedString(raw)).mod(BigInteger.ONE.shiftLeft(bits));
    boolean negative = type.startsWith("s") && unsigned.testBit(bits - 1);
    return negative ? unsigned.subtract(BigInteger.ONE.shiftLeft(bits)) : unsigned;
  }

  private static void arithmetic(List<FormCase> result, String type) {
    int bytes = bits(type) / 8;
    boolean signed = type.startsWith("s");
    binary(result, "add." + type, type, BigInteger::add);
    binary(result, "sub." + type, type, BigInteger::subtract);
    binary(result, "min." + type, type, BigInteger::min);
    binary(result, "max." + type, type, BigInteger::max);
    // A division by zero is not specified: all ones and the dividend here, as on devices.
    binary(
        result,
        "div." + type,
        type,
        (a, b) -> b.signum() == 0 ? BigInteger.valueOf(-1) : a.divide(b));
    binary(result, "rem." + type, type, (a, b) -> b.signum() == 0 ? a : a.remainder(b));
    if (signed) {
      result.add(
          new FormCase("neg." + type, bytes, 1, (a, b, c) -> number(a, type).negate().longValue()));
      result.add(
          new FormCase("abs." + type, bytes, 1, (a, b, c) -> number(a, type).abs().longValue()));
    }
  }

  private static void binary(
      List<FormCase> result, String opcode, String type, BinaryOperator<BigInteger> operation) {
    result.add(
        new FormCase(
            opcode,
            bits(type) / 8,
            2,
            (a, b, c) -> operation.apply(number(a, type), number(b, type)).longValue()));
  }

  private static void products(List<FormCase> result, String type) {
    int bits = bits(type);
    int bytes = bits / 8;
    for (String part : new String[] {"lo", "hi"}) {
      int shift = part.equals("hi") ? bits : 0;
      result.add(
          new FormCase(
              "mul." + part + "." + type,
              bytes,
              2,
              (a, b, c) -> product(a, b, type).shiftRight(shift).longValue()));
      result.add(
          new FormCase(
              "mad." + part + "." + type,
              bytes,
              3,
              (a, b, c) -> product(a, b, type).shiftRight(shift).add(number(c, type)).longValue()));
    }
    if (bits < 64) {
      String wide = type.charAt(0) + "" + 2 * bits;
      result.add(
          new FormCase(
              "mul.wide." + type,
              2 * bytes,
              List.of(bytes, bytes),
              (a, b, c) -> product(a, b, type).longValue()));
      result.add(
          new FormCase(
              "mad.wide." + type,
              2 * bytes,
              List.of(bytes, bytes, 2 * bytes),
              (a, b, c) -> product(a, b, type).add(number(c, wide)).longValue()));
    }
  }

  private static BigInteger product(long a, long b, String type) {
    return number(a, type).multiply(number(b, type));
  }

  private static void logic(List<FormCase> result, int bits) {
    int bytes = bits / 8;
    String type = ".b" + bits;
    result.add(new FormCase("and" + type, bytes, 2, (a, b, c) -> a & b));
    result.add(new FormCase("or" + type, bytes, 2, (a, b, c) -> a | b));
    result.add(new FormCase("xor" + type, bytes, 2, (a, b, c) -> a ^ b));
    result.add(new FormCase("not" + type, bytes, 1, (a, b, c) -> ~a));
    result.add(new FormCase("cnot" + type, bytes, 1, (a, b, c) -> a == 0 ? 1 : 0));
    result.add(
        new FormCase(
            "shl" + type,
            bytes,
            List.of(bytes, 4),
            (a, b, c) ->
                new BigInteger(Long.toUnsignedString(a)).shiftLeft(amount(b)).longValue()));
    for (String sign : new String[] {"u", "s"}) {
      String shifted = sign + bits;
      result.add(
          new FormCase(
              "shr." + shifted,
              bytes,
              List.of(bytes, 4),
              (a, b, c) -> number(a, shifted).shiftRight(amount(b)).longValue()));
    }
  }

  /** Shifts by more than the width are shifts by the width. */
  private static int amount(long b) {
    return (int) Math.min(b, 64);
  }

  private static void saturated(List<FormCase> result) {
    BinaryOperator<BigInteger> add = BigInteger::add;
    BinaryOperator<BigInteger> sub = BigInteger::subtract;
    binary(result, "add.sat.s32", "s32", add.andThen(IntegerForms::clamp)::apply);
    binary(result, "sub.sat.s32", "s32", sub.andThen(IntegerForms::clamp)::apply);
    result.add(
        new FormCase(
            "mad.hi.sat.s32",
            4,
            3,
            (a, b, c) ->
                clamp(product(a, b, "s32").shiftRight(32).add(number(c, "s32"))).longValue()));
  }

  private static BigInteger clamp(BigInteger value) {
    return value
        .max(BigInteger.valueOf(Integer.MIN_VALUE))
        .min(BigInteger.valueOf(Integer.MAX_VALUE));
  }
}
