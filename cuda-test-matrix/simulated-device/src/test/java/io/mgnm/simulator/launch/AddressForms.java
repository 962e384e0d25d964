package io.mgnm.simulator.launch;

import java.util.ArrayList;
import java.util.List;

/** {@code mov}, and generic addresses. */
final class AddressForms {
  private AddressForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String type :
        new String[] {
          "b16", "b32", "b64", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"
        }) {
      int bytes = Integer.parseInt(type.substring(1)) / 8;
      result.add(new FormCase("mov." + type, bytes, 1, (a, b, c) -> a));
    }
    result.add(new FormCase("mov.pred", 0, "%pa", (a, b, c) -> a));
    vectors(result);
    // A window's address: what lies there through the generic address, and back.
    for (String space :
        new String[] {
          "global", "shared", "shared::cta", "local", "const", "param", "param::entry"
        }) {
      String plain = space.replaceAll("::.*", "");
      String address = address(plain);
      String generic = "cvta." + space + ".u64";
      boolean constant = plain.equals("const") || plain.equals("param");
      FormCase.Answer there = lane -> constant ? MemoryForms.constant(0, 8) : lane.register("%qa");
      result.add(new FormCase(generic, address + generic + " %qe, %qd;\nld.b64 %q, [%qe];", there));
      result.add(
          new FormCase(
              "cvta.to." + space + ".u64",
              address
                  + generic
                  + " %qe, %qd;\ncvta.to."
                  + space
                  + ".u64 %qe, %qe;\nld."
                  + plain
                  + ".b64 %q, [%qe];",
              there));
    }
    // Each thread has an address of another space: global, shared, local, parameters, constants.
    String choose =
        "cvta.shared.u64 %qd, %sq;\nrem.u32 %d, %i, 5;\nmov.b64 %qe, %g;\n"
            + "setp.eq.u32 %x, %d, 1;\nselp.b64 %qe, %qd, %qe, %x;\n"
            + address("local")
            + "cvta.local.u64 %qd, %qd;\nsetp.eq.u32 %x, %d, 2;\nselp.b64 %qe, %qd, %qe, %x;\n"
            + address("param")
            + "cvta.param.u64 %qd, %qd;\nsetp.eq.u32 %x, %d, 3;\nselp.b64 %qe, %qd, %qe, %x;\n"
            + address("const")
            + "cvta.const.u64 %qd, %qd;\nsetp.eq.u32 %x, %d, 4;\nselp.b64 %qe, %qd, %qe, %x;\n";
    // The window of kernel parameters lies within that of global memory.
    for (String[] space :
        new String[][] {
          {"global", "0 3"},
          {"shared", "1"},
          {"shared::cta", "1"},
          {"local", "2"},
          {"param", "3"},
          {"const", "4"}
        }) {
      String opcode = "isspacep." + space[0];
      result.add(
          new FormCase(
              opcode,
              choose + opcode + " %x, %qe;\n" + FormCase.toQuad(0),
              lane -> space[1].contains(Integer.toString(lane.i() % 5)) ? 1 : 0));
    }
    return result;
  }

  private static String address(String space) {
    return switch (space) {
      case "global" -> "mov.b64 %qd, %g;\n";
      case "shared" -> "mov.b64 %qd, %sq;\n";
      case "local" -> "mov.u64 %qd, lo;\n";
      case "const" -> "mov.u64 %qd, cn;\n";
      default -> "mov.u64 %qd, blob;\n";
    };
  }

  private static void vectors(List<FormCase> result) {
    result.add(
        new FormCase(
            "mov.b64",
            "mov.b64 {%d, %e}, %qa;\nmov.b64 %q, {%e, %d};",
            lane -> Long.rotateLeft(lane.register("%qa"), 32)));
    result.add(
        new FormCase(
            "mov.b32",
            "mov.b32 {%hd, %he}, %a;\nmov.b32 %d, {%he, %hd};\n" + FormCase.toQuad(4),
            lane -> Integer.toUnsignedLong(Integer.rotateLeft(lane.a(), 16))));
    result.add(
        new FormCase(
            "mov.b64",
            "mov.b64 %q, {%ha, %hb, %hc, %ha};",
            lane ->
                lane.register("%ha")
                    | lane.register("%hb") << 16
                    | lane.register("%hc") << 32
                    | lane.register("%ha") << 48));
  }
}
