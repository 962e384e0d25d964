package io.mgnm.simulator.launch;

import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/** Double precision in every rounding, from exact sums, products, quotients and roots. */
final class DoubleForms {
  private static final String[] ROUNDINGS = {"rn", "rz", "rm", "rp"};
  private static final Exact F64 = Exact.F64;

  /** The exact result, rounded. */
  private interface Rounded {
    double of(double a, double b, double c, RoundingMode mode);
  }

  private DoubleForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String rounding : new String[] {"", "rn", "rz", "rm", "rp"}) {
      String end = rounding.isEmpty() ? ".f64" : "." + rounding + ".f64";
      add(result, "add" + end, 2, (a, b, c, mode) -> F64.fma(a, 1, b, mode));
      add(result, "sub" + end, 2, (a, b, c, mode) -> F64.fma(a, 1, -b, mode));
      add(result, "mul" + end, 2, (a, b, c, mode) -> F64.product(a, b, mode));
    }
    for (String rounding : ROUNDINGS) {
      String end = "." + rounding + ".f64";
      add(result, "fma" + end, 3, F64::fma);
      add(result, "mad" + end, 3, F64::fma);
      add(result, "div" + end, 2, (a, b, c, mode) -> F64.quotient(a, b, mode));
      add(result, "rcp" + end, 1, (a, b, c, mode) -> F64.quotient(1, a, mode));
      add(result, "sqrt" + end, 1, (a, b, c, mode) -> F64.root(a, mode));
    }
    result.add(new FormCase("neg.f64", 8, 1, (a, b, c) -> a ^ (1L << 63)));
    result.add(new FormCase("abs.f64", 8, 1, (a, b, c) -> a & ~(1L << 63)));
    add(result, "min.f64", 2, (a, b, c, mode) -> chosen(a, b, Math.min(a, b)));
    add(result, "max.f64", 2, (a, b, c, mode) -> chosen(a, b, Math.max(a, b)));
    result.add(
        new FormCase("copysign.f64", 8, 2, (a, b, c) -> (a & (1L << 63)) | (b & ~(1L << 63))));
    result.add(
        new FormCase("rsqrt.approx.f64", 8, 1, (a, b, c) -> raw(1 / Math.sqrt(value(a))))
            .matching(FormCase.Match.COARSE_DOUBLE));
    result.add(
        new FormCase(
                "rcp.approx.ftz.f64",
                8,
                1,
                (a, b, c) -> raw(F64.flush(1 / F64.flush(value(a), true), true)))
            .matching(FormCase.Match.COARSE_DOUBLE));
    return result;
  }

  /** A number wins over a NaN. */
  private static double chosen(double a, double b, double chosen) {
    return Double.isNaN(a) ? b : Double.isNaN(b) ? a : chosen;
  }

  private static void add(List<FormCase> result, String opcode, int sources, Rounded f) {
    RoundingMode mode = Exact.mode(opcode);
    result.add(
        new FormCase(opcode, 8, sources, (a, b, c) -> raw(f.of(value(a), value(b), value(c), mode)))
            .matching(FormCase.Match.DOUBLE));
  }

  private static double value(long bits) {
    return Double.longBitsToDouble(bits);
  }

  private static long raw(double v) {
    return Double.doubleToRawLongBits(v);
  }
}
