package io.mgnm.simulator.launch;

import java.util.List;

/** Constants as operands, and answers written out. */
final class ConstantForms {
  private ConstantForms() {}

  static List<FormCase> cases() {
    return List.of(
        new FormCase("div.s32", 4, "%a, 7", (a, b, c) -> (int) a / 7),
        new FormCase("rem.s32", 4, "%a, -9", (a, b, c) -> (int) a % -9),
        new FormCase("rem.u64", 8, "%qa, 1000003", (a, b, c) -> Long.remainderUnsigned(a, 1000003)),
        new FormCase("and.b16", 2, "%ha, -2", (a, b, c) -> a & 0xfffe),
        new FormCase("mul.lo.u32", 4, "%a, WARP_SZ", (a, b, c) -> a * 32),
        new FormCase("mov.f32", 4, "0f40490FDB", (a, b, c) -> 0x40490fdb),
        new FormCase("mov.f32", 4, "1.5", (a, b, c) -> 0x3fc00000),
        new FormCase("mov.f64", 8, "0d400921FB54442D18", (a, b, c) -> 0x400921fb54442d18L),
        new FormCase("selp.s32", 4, "-1, 0, %pa", (a, b, c) -> a != 0 ? 0xffffffffL : 0),
        // 2^24 + 1 + 2^-23: a sum in double, rounded to float, would give 2^24.
        new FormCase(
            "fma.rn.f32", 4, "0f4B800000, 0f3F800000, 0f3F800001", (a, b, c) -> 0x4b800001),
        // The largest float and half a unit of its last place, to nearest and towards zero.
        new FormCase("add.rn.f32", 4, "0f7F7FFFFF, 0f73000000", (a, b, c) -> 0x7f800000),
        new FormCase("add.rz.f32", 4, "0f7F7FFFFF, 0f73000000", (a, b, c) -> 0x7f7fffff),
        new FormCase("cvt.rni.s32.f32", 4, "0f40200000", (a, b, c) -> 2),
        new FormCase("cvt.rpi.s32.f32", 4, "0f40200000", (a, b, c) -> 3),
        new FormCase("ex2.approx.f32", 4, "0f40400000", (a, b, c) -> 0x41000000),
        new FormCase("prmt.b32", 4, "0x33221100, 0x77665544, 0x7654", (a, b, c) -> 0x77665544),
        new FormCase("bfe.u32", 4, "0xABCD1234, 8, 16", (a, b, c) -> 0xcd12),
        new FormCase("lop3.b32", 4, "%a, %b, 0, 0xFE", (a, b, c) -> a | b));
  }
}
