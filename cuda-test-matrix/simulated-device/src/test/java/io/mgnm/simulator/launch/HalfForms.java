package io.mgnm.simulator.launch;

import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/** f16, bf16 and their pairs: exact results, rounded once to the format. */
final class HalfForms {
  private static final RoundingMode NEAREST = RoundingMode.HALF_EVEN;
  private static final String[] FTZ = {"", "ftz"};

  /** One element's bits. */
  interface Element {
    long of(long a, long b, long c);
  }

  private HalfForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String type : new String[] {"f16", "f16x2", "bf16", "bf16x2"}) {
      boolean half = type.startsWith("f");
      String[] ftz = half ? FTZ : new String[] {""};
      String[] sat = half ? new String[] {"", "sat"} : new String[] {""};
      for (String base : new String[] {"add", "sub", "mul"}) {
        for (String start : FormCase.product(base, new String[] {"", "rn"}, ftz, sat)) {
          arithmetic(result, start, base, type, 2);
        }
      }
      for (String start :
          FormCase.product(
              "fma.rn", ftz, half ? new String[] {"", "sat", "relu"} : new String[] {"", "relu"})) {
        arithmetic(result, start, "fma", type, 3);
      }
      for (String base : new String[] {"neg", "abs"}) {
        for (String start : FormCase.product(base, ftz)) {
          sign(result, start, type);
        }
      }
      for (String base : new String[] {"min", "max"}) {
        for (String start : FormCase.product(base, ftz, new String[] {"", "NaN"})) {
          extremum(result, start, type);
        }
      }
    }
    return result;
  }

  static void add(List<FormCase> result, String start, String type, int sources, Element e) {
    if (!type.endsWith("x2")) {
      result.add(new FormCase(start + "." + type, 2, sources, e::of));
      return;
    }
    result.add(
        new FormCase(
            start + "." + type,
            4,
            sources,
            (a, b, c) ->
                (e.of(a & 0xffff, b & 0xffff, c & 0xffff) & 0xffff)
                    | e.of(a >>> 16, b >>> 16, c >>> 16) << 16));
  }

  private static void arithmetic(
      List<FormCase> result, String start, String base, String type, int sources) {
    Exact format = Exact.of(type);
    boolean ftz = start.contains("ftz");
    add(
        result,
        start,
        type,
        sources,
        (a, b, c) -> {
          double x = format.flush(format.value(a), ftz);
          double y = format.flush(format.value(b), ftz);
          double z = format.flush(format.value(c), ftz);
          double v =
              switch (base) {
                case "add" -> format.fma(x, 1, y, NEAREST);
                case "sub" -> format.fma(x, 1, -y, NEAREST);
                case "mul" -> format.product(x, y, NEAREST);
                default -> format.fma(x, y, z, NEAREST);
              };
          v = format.flush(v, ftz);
          v = start.contains("sat") ? Exact.saturate(v) : v;
          return format.bits(start.contains("relu") && v < 0 ? 0 : v);
        });
  }

  private static void sign(List<FormCase> result, String start, String type) {
    Exact format = Exact.of(type);
    add(
        result,
        start,
        type,
        1,
        (a, b, c) -> {
          double v = format.value(a);
          boolean flushed = start.contains("ftz") && format.flush(v, true) == 0;
          long bits = flushed ? a & 0x8000 : a;
          return start.startsWith("neg") ? bits ^ 0x8000 : bits & 0x7fff;
        });
  }

  private static void extremum(List<FormCase> result, String start, String type) {
    Exact format = Exact.of(type);
    boolean ftz = start.contains("ftz");
    add(
        result,
        start,
        type,
        2,
        (a, b, c) -> {
          double x = format.flush(format.value(a), ftz);
          double y = format.flush(format.value(b), ftz);
          if (Double.isNaN(x) || Double.isNaN(y)) {
            double other = Double.isNaN(x) ? y : x;
            return format.bits(start.contains("NaN") ? Double.NaN : other);
          }
          return format.bits(start.startsWith("max") ? Math.max(x, y) : Math.min(x, y));
        });
  }
}
