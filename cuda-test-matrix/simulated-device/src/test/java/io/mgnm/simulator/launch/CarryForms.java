package io.mgnm.simulator.launch;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Instructions that set or read the carry flag: sums and products longer than the register. */
final class CarryForms {
  private CarryForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String type : new String[] {"u32", "s32", "u64", "s64"}) {
      for (String base : new String[] {"add", "sub"}) {
        result.add(form(base + ".cc." + type, base, type, false, true, false));
        result.add(form(base + "c.cc." + type, base, type, true, true, false));
        result.add(form(base + "c." + type, base, type, true, false, false));
      }
      for (String part : new String[] {"lo", "hi"}) {
        boolean high = part.equals("hi");
        String rest = "." + part;
        result.add(form("mad" + rest + ".cc." + type, "mad", type, false, true, high));
        result.add(form("madc" + rest + ".cc." + type, "mad", type, true, true, high));
        result.add(form("madc" + rest + "." + type, "mad", type, true, false, high));
      }
    }
    return result;
  }

  private static FormCase form(
      String opcode, String base, String type, boolean reads, boolean sets, boolean high) {
    boolean wide = type.endsWith("64");
    String q = wide ? "q" : "";
    String out = wide ? "%qd" : "%d";
    // The flag that goes in is the borrow of c - a, or the carry of c + a; out comes one bit of 0.
    String family = base.equals("sub") ? "sub" : "add";
    String before = reads ? family + ".cc.u32 %e, %c, %a;\n" : "";
    String after = sets ? family + "c.u32 %e, 0, 0;\n" : "mov.u32 %e, 0;\n";
    String third = base.equals("mad") ? ", %" + q + "c" : "";
    String body =
        before
            + (opcode + " " + out + ", %" + q + "a, %" + q + "b" + third + ";\n")
            + after
            + (wide ? "" : "cvt.u64.u32 %qd, %d;\n")
            + "cvt.u64.u32 %qe, %e;\nshl.b64 %qe, %qe, 40;\nxor.b64 %q, %qd, %qe;";
    return new FormCase(
        opcode,
        body,
        lane -> {
          int bits = wide ? 64 : 32;
          String unsigned = "u" + bits;
          BigInteger a = IntegerForms.number(lane.register("%" + q + "a"), unsigned);
          BigInteger b = IntegerForms.number(lane.register("%" + q + "b"), unsigned);
          long c = Integer.toUnsignedLong(lane.c());
          long flag = Integer.toUnsignedLong(lane.a());
          boolean in = reads && (family.equals("sub") ? c < flag : (c + flag) >>> 32 != 0);
          BigInteger one = in ? BigInteger.ONE : BigInteger.ZERO;
          BigInteger sum;
          if (base.equals("mad")) {
            BigInteger product =
                IntegerForms.number(lane.register("%" + q + "a"), type)
                    .multiply(IntegerForms.number(lane.register("%" + q + "b"), type))
                    .shiftRight(high ? bits : 0)
                    .mod(BigInteger.ONE.shiftLeft(bits));
            sum = product.add(IntegerForms.number(lane.register("%" + q + "c"), unsigned)).add(one);
          } else {
            sum = family.equals("sub") ? a.subtract(b).subtract(one) : a.add(b).add(one);
          }
          boolean carry = family.equals("sub") ? sum.signum() < 0 : sum.bitLength() > bits;
          long flagOut = !sets || !carry ? 0 : family.equals("sub") ? 0xffffffffL : 1;
          long value = wide ? sum.longValue() : sum.intValue() & 0xffffffffL;
          return value ^ flagOut << 40;
        });
  }
}
