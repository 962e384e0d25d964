package io.mgnm.simulator.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongBinaryOperator;
import java.util.function.LongPredicate;

/** What the lanes of a warp compute together, from the ISA's pseudocode and plain loops. */
final class WarpForms {
  private WarpForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String mode : new String[] {"up", "down", "bfly", "idx"}) {
      String opcode = "shfl.sync." + mode + ".b32";
      result.add(
          new FormCase(
              opcode,
              opcode
                  + " %d|%x, %a, %b, %c, -1;\n"
                  + "selp.b32 %e, 1, 0, %x;\nmov.b64 %q, {%d, %e};",
              lane -> shuffled(lane, mode, lane.b(), lane.c())));
      // As compilers emit it: one distance, the whole warp or a quarter of it.
      for (int width : new int[] {32, 8}) {
        int c = (32 - width) << 8 | (mode.equals("up") ? 0 : 31);
        result.add(
            new FormCase(
                opcode,
                (opcode + " %d|%x, %a, 5, " + c + ", -1;\n")
                    + "selp.b32 %e, 1, 0, %x;\nmov.b64 %q, {%d, %e};",
                lane -> shuffled(lane, mode, 5, c)));
      }
    }
    votes(result);
    matches(result);
    reductions(result);
    result.add(
        new FormCase(
            "elect.sync",
            "elect.sync %d|%x, -1;\nselp.b32 %e, 1, 0, %x;\nmov.b64 %q, {%d, %e};",
            lane -> lane.i() % 32 == 0 ? 1L << 32 : 0));
    result.add(
        new FormCase(
            "activemask.b32",
            "mov.b32 %d, 0;\n@!%pa bra SKIP;\nactivemask.b32 %d;\nSKIP:\nbar.warp.sync -1;\n"
                + FormCase.toQuad(4),
            lane -> lane.register("%pa") == 0 ? 0 : ballot(lane, a -> a != 0)));
    result.add(
        new FormCase(
            "bar.warp.sync",
            "mul.wide.u32 %qd, %i, 4;\nmov.u64 %qe, swap;\nadd.u64 %qd, %qd, %qe;\n"
                + "xor.b32 %d, %i, 1;\nmul.wide.u32 %qc, %d, 4;\nadd.u64 %qe, %qe, %qc;\n"
                + "bar.sync 0;\nst.shared.b32 [%qd], %a;\nbar.warp.sync -1;\n"
                + "ld.shared.b32 %d, [%qe];\nbar.sync 0;\nmov.b64 %qc, {%c, %a};\n"
                + FormCase.toQuad(4),
            lane -> Integer.toUnsignedLong(lane.other(lane.i() ^ 1).a())));
    return result;
  }

  /** The ISA's pseudocode; the predicate is bit 32. */
  private static long shuffled(Lane thread, String mode, int b, int c) {
    int lane = thread.i() % 32;
    int by = b & 0x1f;
    int clamp = c & 0x1f;
    int mask = (c >>> 8) & 0x1f;
    int most = (lane & mask) | (clamp & ~mask);
    int least = lane & mask;
    int j =
        switch (mode) {
          case "up" -> lane - by;
          case "down" -> lane + by;
          case "bfly" -> lane ^ by;
          default -> least | (by & ~mask);
        };
    boolean inside = mode.equals("up") ? j >= most : j <= most;
    int value = thread.inWarp(inside ? j : lane).a();
    return (inside ? 1L << 32 : 0) | (value & 0xffffffffL);
  }

  /** Lanes of the warp whose lowest bit of a satisfies this. */
  private static long ballot(Lane lane, LongPredicate p) {
    long result = 0;
    for (int j = 0; j < 32; j++) {
      result |= p.test(lane.inWarp(j).register("%pa")) ? 1L << j : 0;
    }
    return result;
  }

  private static void votes(List<FormCase> result) {
    result.add(
        new FormCase(
            "vote.sync.ballot.b32",
            "vote.sync.ballot.b32 %d, !%pa, -1;\n" + FormCase.toQuad(4),
            lane -> ballot(lane, a -> a == 0)));
    for (String mode : new String[] {"all", "any", "uni"}) {
      String opcode = "vote.sync." + mode + ".pred";
      // Once with what the lanes have, and once with the same in each warp, by turns.
      result.add(
          new FormCase(
              opcode,
              opcode
                  + " %x, %pa, -1;\nselp.b64 %q, 1, 0, %x;\nand.b32 %d, %i, 32;\n"
                  + ("setp.ne.u32 %y, %d, 0;\n" + opcode + " %x, %y, -1;\n")
                  + "@%x add.u64 %q, %q, 2;",
              lane -> {
                long votes = ballot(lane, a -> a != 0);
                long same = (lane.i() & 32) != 0 ? 0xffffffffL : 0;
                return voted(mode, votes) + 2 * voted(mode, same);
              }));
    }
  }

  private static long voted(String mode, long votes) {
    boolean all = votes == 0xffffffffL;
    boolean truth = mode.equals("all") ? all : mode.equals("any") ? votes != 0 : all || votes == 0;
    return truth ? 1 : 0;
  }

  private static void matches(List<FormCase> result) {
    for (String type : new String[] {"b32", "b64"}) {
      boolean wide = type.equals("b64");
      String narrowed = wide ? "and.b64 %qd, %qa, 3;\n" : "and.b32 %e, %a, 3;\n";
      String operand = wide ? "%qd" : "%e";
      String any = "match.any.sync." + type;
      result.add(
          new FormCase(
              any,
              narrowed + any + " %d, " + operand + ", -1;\n" + FormCase.toQuad(4),
              lane -> {
                long same = 0;
                for (int j = 0; j < 32; j++) {
                  same |= (lane.inWarp(j).a() & 3) == (lane.a() & 3) ? 1L << j : 0;
                }
                return same;
              }));
      String all = "match.all.sync." + type;
      // In every other warp all lanes have the same.
      String even =
          "shr.u32 %d, %i, 5;\nand.b32 %d, %d, 1;\nsetp.eq.u32 %y, %d, 0;\n"
              + (wide ? "selp.b64 %qd, 7, %qd, %y;\n" : "selp.b32 %e, 7, %e, %y;\n");
      result.add(
          new FormCase(
              all,
              narrowed
                  + even
                  + (all + " %d|%x, " + operand + ", -1;\n")
                  + "selp.b32 %e, 1, 0, %x;\nmov.b64 %q, {%d, %e};",
              lane -> {
                boolean same = lane.i() / 32 % 2 == 0;
                for (int j = 0; j < 32 && !same; j++) {
                  if ((lane.inWarp(j).a() & 3) != (lane.inWarp(0).a() & 3)) {
                    return 0;
                  }
                }
                return 0x1ffffffffL;
              }));
    }
  }

  private static void reductions(List<FormCase> result) {
    for (String type : new String[] {"u32", "s32"}) {
      boolean signed = type.equals("s32");
      reduction(result, "add." + type, false, Long::sum);
      reduction(result, "min." + type, signed, Math::min);
      reduction(result, "max." + type, signed, Math::max);
    }
    reduction(result, "and.b32", false, (x, y) -> x & y);
    reduction(result, "or.b32", false, (x, y) -> x | y);
    reduction(result, "xor.b32", false, (x, y) -> x ^ y);
  }

  private static void reduction(
      List<FormCase> result, String end, boolean signed, LongBinaryOperator f) {
    String opcode = "redux.sync." + end;
    result.add(
        new FormCase(
            opcode,
            opcode + " %d, %b, -1;\n" + FormCase.toQuad(4),
            lane -> {
              long sum = value(lane.inWarp(0).b(), signed);
              for (int j = 1; j < 32; j++) {
                sum = f.applyAsLong(sum, value(lane.inWarp(j).b(), signed));
              }
              return sum & 0xffffffffL;
            }));
  }

  private static long value(int word, boolean signed) {
    return signed ? word : Integer.toUnsignedLong(word);
  }
}
