package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Type;

/** {@code and or xor not cnot lop3 shl shr shf prmt}, also of predicates. */
final class LogicFamily {
  private LogicFamily() {}

  static Instruction decode(Decoding d, int index) {
    if (d.base.equals("prmt")) {
      return permute(d);
    }
    if (d.base.equals("shf")) {
      return funnel(d);
    }
    Type t = d.type();
    if (t == Type.PRED) {
      return new PredicateLogic(d);
    }
    if (d.base.equals("lop3")) {
      int table = (int) d.constant(4);
      return Build.w3(d, t, (a, b, c) -> lookup(a, b, c, table));
    }
    return switch (t.bytes()) {
      case 8 -> longs(d, t);
      case 4 -> words(d, t);
      case 2 -> halves(d, t);
      default -> throw d.error("type ." + t);
    };
  }

  private static Instruction words(Decoding d, Type t) {
    return switch (d.base) {
      case "and" -> Build.w2(d, t, (a, b) -> a & b, () -> Vectors::and);
      case "or" -> Build.w2(d, t, (a, b) -> a | b, () -> Vectors::or);
      case "xor" -> Build.w2(d, t, (a, b) -> a ^ b, () -> Vectors::xor);
      case "not" -> Build.w1(d, t, a -> ~a);
      case "cnot" -> Build.w1(d, t, a -> a == 0 ? 1 : 0);
      case "shl" -> Build.w2(d, t, Type.U32, (a, b) -> big(b, 32) ? 0 : a << b, () -> Vectors::shl);
      case "shr" ->
          t.signed()
              ? Build.w2(d, t, Type.U32, (a, b) -> a >> (big(b, 32) ? 31 : b))
              : Build.w2(d, t, Type.U32, (a, b) -> big(b, 32) ? 0 : a >>> b, () -> Vectors::shr);
      default -> throw d.error("no such instruction");
    };
  }

  private static Instruction halves(Decoding d, Type t) {
    return switch (d.base) {
      case "and" -> Build.w2(d, t, (a, b) -> a & b & 0xffff);
      case "or" -> Build.w2(d, t, (a, b) -> (a | b) & 0xffff);
      case "xor" -> Build.w2(d, t, (a, b) -> (a ^ b) & 0xffff);
      case "not" -> Build.w1(d, t, a -> ~a & 0xffff);
      case "cnot" -> Build.w1(d, t, a -> (a & 0xffff) == 0 ? 1 : 0);
      case "shl" -> Build.w2(d, t, Type.U32, (a, b) -> big(b, 16) ? 0 : a << b & 0xffff);
      case "shr" ->
          t.signed()
              ? Build.w2(d, t, Type.U32, (a, b) -> (short) a >> (big(b, 16) ? 15 : b) & 0xffff)
              : Build.w2(d, t, Type.U32, (a, b) -> big(b, 16) ? 0 : (a & 0xffff) >>> b);
      default -> throw d.error("no such instruction");
    };
  }

  private static Instruction longs(Decoding d, Type t) {
    return switch (d.base) {
      case "and" -> Build.q2(d, t, (a, b) -> a & b);
      case "or" -> Build.q2(d, t, (a, b) -> a | b);
      case "xor" -> Build.q2(d, t, (a, b) -> a ^ b);
      case "not" -> Build.q1(d, t, a -> ~a);
      case "cnot" -> Build.q1(d, t, a -> a == 0 ? 1 : 0);
      case "shl" -> Build.longShift(d, t, (a, b) -> big(b, 64) ? 0 : a << b);
      case "shr" ->
          t.signed()
              ? Build.longShift(d, t, (a, b) -> a >> (big(b, 64) ? 63 : b))
              : Build.longShift(d, t, (a, b) -> big(b, 64) ? 0 : a >>> b);
      default -> throw d.error("no such instruction");
    };
  }

  private static boolean big(int amount, int width) {
    return Integer.compareUnsigned(amount, width) >= 0;
  }

  private static int lookup(int a, int b, int c, int table) {
    int result = 0;
    result |= (table & 1) != 0 ? ~a & ~b & ~c : 0;
    result |= (table & 2) != 0 ? ~a & ~b & c : 0;
    result |= (table & 4) != 0 ? ~a & b & ~c : 0;
    result |= (table & 8) != 0 ? ~a & b & c : 0;
    result |= (table & 16) != 0 ? a & ~b & ~c : 0;
    result |= (table & 32) != 0 ? a & ~b & c : 0;
    result |= (table & 64) != 0 ? a & b & ~c : 0;
    result |= (table & 128) != 0 ? a & b & c : 0;
    return result;
  }

  private static Instruction funnel(Decoding d) {
    boolean left = "l".equals(d.takeAny("l", "r"));
    boolean wrap = "wrap".equals(d.takeAny("wrap", "clamp"));
    Type t = d.type();
    return Build.w3(
        d,
        t,
        (a, b, c) -> {
          int n = wrap ? c & 31 : Integer.compareUnsigned(c, 32) > 0 ? 32 : c;
          long both = (long) b << 32 | (a & 0xffffffffL);
          return (int) (left ? both << n >>> 32 : both >>> n);
        });
  }

  private static Instruction permute(Decoding d) {
    d.type();
    String mode = d.takeAny("f4e", "b4e", "rc8", "ecl", "ecr", "rc16");
    return mode == null
        ? Build.w3(d, Type.B32, LogicFamily::permute)
        : Build.w3(d, Type.B32, (a, b, c) -> permute(a, b, selector(mode, c & 3)));
  }

  static int permute(int a, int b, int selector) {
    long bytes = (long) b << 32 | (a & 0xffffffffL);
    int result = 0;
    for (int i = 0; i < 4; i++) {
      int choice = selector >>> (i * 4) & 15;
      int value = (int) (bytes >>> ((choice & 7) * 8)) & 0xff;
      value = (choice & 8) == 0 ? value : (value & 0x80) != 0 ? 0xff : 0;
      result |= value << (i * 8);
    }
    return result;
  }

  private static int selector(String mode, int c) {
    int result = 0;
    for (int i = 0; i < 4; i++) {
      int choice =
          switch (mode) {
            case "f4e" -> c + i;
            case "b4e" -> c - i & 7;
            case "rc8" -> c;
            case "ecl" -> Math.max(i, c);
            case "ecr" -> Math.min(i, c);
            default -> (c & 1) * 2 + (i & 1);
          };
      result |= choice << (i * 4);
    }
    return result;
  }

  /** Logic of predicates: one operation for all lanes. */
  private static final class PredicateLogic extends Instruction {
    private final String operation;
    private final int out;
    private final int a;
    private final int b;
    private final boolean notA;
    private final boolean notB;

    PredicateLogic(Decoding d) {
      operation = d.base;
      out = d.predicate(0);
      a = d.predicate(1);
      notA = d.negated(1);
      b = d.count() > 2 ? d.predicate(2) : 0;
      notB = d.count() > 2 && d.negated(2);
      if (d.base.startsWith("s") || d.base.equals("cnot")) {
        throw d.error("of predicates");
      }
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] p = warp.p;
      int x = notA ? ~p[a] : p[a];
      int y = notB ? ~p[b] : p[b];
      int result =
          switch (operation) {
            case "and" -> x & y;
            case "or" -> x | y;
            case "xor" -> x ^ y;
            default -> ~x;
          };
      p[out] = (p[out] & ~mask) | (result & mask);
    }
  }
}
