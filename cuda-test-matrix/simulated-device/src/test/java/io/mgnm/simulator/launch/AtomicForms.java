package io.mgnm.simulator.launch;

import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code atom} and {@code red}, each thread on a place of its own: the old value and the new one.
 * Many threads on one place are for {@link WarpInstructionsTest}. And {@code cp.async}.
 */
final class AtomicForms {
  private static final String[] SPACES = {"", ".global", ".shared", ".shared::cta"};

  private AtomicForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    String[] operations = {
      "add.u32",
      "add.s32",
      "add.u64",
      "add.f32",
      "add.f64",
      "add.noftz.f16",
      "add.noftz.f16x2",
      "add.noftz.bf16",
      "add.noftz.bf16x2",
      "min.u32",
      "min.s32",
      "min.u64",
      "min.s64",
      "max.u32",
      "max.s32",
      "max.u64",
      "max.s64",
      "and.b32",
      "and.b64",
      "or.b32",
      "or.b64",
      "xor.b32",
      "xor.b64",
      "exch.b32",
      "exch.b64",
      "inc.u32",
      "dec.u32",
      "cas.b16",
      "cas.b32",
      "cas.b64"
    };
    for (String operation : operations) {
      for (String space : SPACES) {
        both(result, "", space, operation);
      }
    }
    // Orders and scopes: with each kind of line in the table once.
    for (String operation :
        new String[] {"add.u32", "add.noftz.bf16", "min.u32", "and.b32", "inc.u32", "cas.b16"}) {
      for (String space : SPACES) {
        for (String order :
            new String[] {".relaxed", ".acquire", ".release", ".acq_rel", ".cta", ".gpu", ".sys"}) {
          both(result, order, space, operation);
        }
      }
    }
    copies(result);
    return result;
  }

  private static void both(List<FormCase> result, String order, String space, String operation) {
    result.add(form("atom" + order + space + "." + operation, space, operation, true));
    boolean only = operation.startsWith("exch") || operation.startsWith("cas");
    if (!only && !order.startsWith(".acq")) {
      result.add(form("red" + order + space + "." + operation, space, operation, false));
    }
  }

  private static FormCase form(String opcode, String space, String operation, boolean returns) {
    String type = operation.substring(operation.lastIndexOf('.') + 1);
    int bytes = bytes(type);
    boolean swap = operation.startsWith("cas");
    String kind = bytes == 8 ? "q" : bytes == 2 ? "h" : "";
    String out = bytes == 8 ? "%qd" : bytes == 2 ? "%hd" : "%d";
    String plain = space.isEmpty() ? ".global" : space.replaceAll("::.*", "");
    String place = plain.equals(".shared") ? "[%s+40]" : "[%g+40]";
    String body =
        ("st" + plain + ".b64 " + place + ", %qb;\n")
            // Every other thread compares with what is there.
            + (swap
                ? "selp.b64 %qd, %qb, %qc, %pa;\nmov.b64 {%d, %e}, %qd;\ncvt.u16.u32 %he, %d;\n"
                : "")
            + (opcode + " " + (returns ? out + ", " : "") + place + ", ")
            + (!swap
                ? "%" + kind + "a"
                : (bytes == 8 ? "%qd" : bytes == 2 ? "%he" : "%d") + ", %" + kind + "a")
            + ";\n"
            + (!returns
                ? "mov.b64 %qd, 0;\n"
                : bytes == 8
                    ? ""
                    : "cvt.u64." + (bytes == 2 ? "u16" : "u32") + " %qd, " + out + ";\n")
            + ("ld" + plain + ".b64 %q, " + place + ";\nmad.lo.u64 %q, %qd, 31, %q;");
    FormCase form =
        new FormCase(
            opcode,
            body,
            lane -> {
              long memory = lane.register("%qb");
              long mask = bytes == 8 ? -1 : (1L << (8 * bytes)) - 1;
              long old = memory & mask;
              long operand = lane.register("%" + kind + "a");
              long compared = (lane.register("%pa") != 0 ? memory : lane.register("%qc")) & mask;
              long updated = updated(operation, type, old, operand, compared) & mask;
              return (returns ? old * 31 : 0) + ((memory & ~mask) | updated);
            });
    return form;
  }

  private static int bytes(String type) {
    return type.endsWith("x2") ? 4 : Integer.parseInt(type.replaceAll("[^0-9]", "")) / 8;
  }

  private static long updated(String operation, String type, long old, long b, long compared) {
    String name = operation.substring(0, operation.indexOf('.'));
    if (name.equals("add") && type.contains("f")) {
      if (type.endsWith("x2")) {
        String half = type.replace("x2", "");
        return sum(half, old & 0xffff, b & 0xffff) | sum(half, old >>> 16, b >>> 16) << 16;
      }
      return sum(type, old, b);
    }
    return switch (name) {
      case "add" -> old + b;
      case "min" -> less(type, old, b) ? old : b;
      case "max" -> less(type, old, b) ? b : old;
      case "and" -> old & b;
      case "or" -> old | b;
      case "xor" -> old ^ b;
      case "exch" -> b;
      case "inc" -> old >= b ? 0 : old + 1;
      case "dec" -> old == 0 || old > b ? b : old - 1;
      default -> old == compared ? b : old;
    };
  }

  private static boolean less(String type, long a, long b) {
    return IntegerForms.number(a, type).compareTo(IntegerForms.number(b, type)) < 0;
  }

  private static long sum(String type, long a, long b) {
    Exact format = Exact.of(type);
    double sum = format.fma(format.value(a), 1, format.value(b), RoundingMode.HALF_EVEN);
    if (type.equals("f64")) {
      // Which of the NaNs comes out is not said.
      return Double.doubleToRawLongBits(format.value(a) + format.value(b));
    }
    return format.bits(sum);
  }

  private static void copies(List<FormCase> result) {
    for (String space : new String[] {".shared", ".shared::cta"}) {
      for (String hint : new String[] {"", ".L2::64B", ".L2::128B", ".L2::256B"}) {
        for (int bytes : new int[] {4, 8, 16}) {
          copy(result, "cp.async.ca" + space + ".global" + hint, bytes, bytes);
          copy(result, "cp.async.ca" + space + ".global" + hint, bytes, bytes / 4);
        }
        copy(result, "cp.async.cg" + space + ".global" + hint, 16, 16);
      }
    }
    String copy = "cp.async.ca.shared.global [%s+48], [%g], 8;\n";
    result.add(
        new FormCase(
            "cp.async.wait_all",
            copy + "cp.async.wait_all;\nld.shared.b64 %q, [%s+48];",
            lane -> lane.register("%qa")));
    for (String form : new String[] {"cp.async.commit_group", "cp.async.wait_group"}) {
      result.add(
          new FormCase(
              form,
              copy
                  + "cp.async.commit_group;\n"
                  + "cp.async.ca.shared.global [%s+56], [%g+8], 8;\ncp.async.commit_group;\n"
                  + "cp.async.wait_group 1;\nld.shared.b64 %q, [%s+48];\ncp.async.wait_group 0;",
              lane -> lane.register("%qa")));
    }
  }

  /** Fewer bytes than the copy has leave zeros behind them. */
  private static void copy(List<FormCase> result, String opcode, int bytes, int used) {
    String last = used == bytes ? "" : ", " + used;
    result.add(
        new FormCase(
            opcode,
            "st.shared.v4.b32 [%s+48], {%i, %i, %i, %i};\n"
                + (opcode + " [%s+48], [%g], " + bytes + last + ";\n")
                + "cp.async.wait_all;\nld.shared.v2.b64 {%qd, %qe}, [%s+48];\n"
                + "mad.lo.u64 %q, %qe, 31, %qd;",
            lane -> {
              int[] words = {lane.i(), lane.i(), lane.i(), lane.i()};
              for (int k = 0; k < bytes; k++) {
                long value = k < used ? (lane.words()[k / 4] >>> (k % 4 * 8)) & 0xff : 0;
                int shift = k % 4 * 8;
                words[k / 4] = (words[k / 4] & ~(0xff << shift)) | ((int) value << shift);
              }
              long low = ((long) words[1] << 32) | (words[0] & 0xffffffffL);
              long high = ((long) words[3] << 32) | (words[2] & 0xffffffffL);
              return high * 31 + low;
            }));
  }
}
