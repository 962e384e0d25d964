package io.mgnm.simulator.launch;

import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Division, roots and the approximate functions of f32 and halves. What is approximate here must be
 * the right float or its neighbour, well within the errors that the ISA states.
 */
final class FunctionForms {
  private static final Exact F32 = Exact.F32;
  private static final String[] FTZ = {"", "ftz"};

  private interface Function {
    double of(double v);
  }

  private FunctionForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String rounding : new String[] {"approx", "full", "rn", "rz", "rm", "rp"}) {
      for (String opcode : FormCase.product("div." + rounding, FTZ)) {
        exact(result, opcode, 2, (a, b, mode) -> F32.quotient(a, b, mode));
      }
      if (!rounding.equals("full")) {
        for (String opcode : FormCase.product("rcp." + rounding, FTZ)) {
          exact(result, opcode, 1, (a, b, mode) -> F32.quotient(1, a, mode));
        }
        for (String opcode : FormCase.product("sqrt." + rounding, FTZ)) {
          exact(result, opcode, 1, (a, b, mode) -> F32.root(a, mode));
        }
      }
    }
    approximate(result, "rsqrt", v -> v == 0 ? 1 / v : 1 / Math.sqrt(v));
    approximate(result, "ex2", v -> Math.pow(2, v));
    approximate(result, "lg2", v -> Math.log(v) / Math.log(2));
    approximate(result, "sin", Math::sin);
    approximate(result, "cos", Math::cos);
    result.add(approximate("tanh.approx", Math::tanh));
    for (String type : new String[] {"f16", "f16x2", "bf16", "bf16x2"}) {
      String ftz = type.startsWith("b") ? ".ftz" : "";
      half(result, "ex2.approx" + ftz, type, v -> Math.pow(2, v));
      half(result, "tanh.approx", type, Math::tanh);
    }
    result.add(
        new FormCase("copysign.f32", 4, 2, (a, b, c) -> (a & 0x80000000L) | (b & 0x7fffffffL)));
    return result;
  }

  private interface Rounded {
    double of(double a, double b, RoundingMode mode);
  }

  private static void exact(List<FormCase> result, String opcode, int sources, Rounded f) {
    boolean ftz = opcode.contains("ftz");
    RoundingMode mode = Exact.mode(opcode);
    FormCase form =
        new FormCase(
            opcode + ".f32",
            4,
            sources,
            (a, b, c) ->
                F32.bits(
                    F32.flush(
                        f.of(F32.flush(F32.value(a), ftz), F32.flush(F32.value(b), ftz), mode),
                        ftz)));
    boolean loose = opcode.contains("approx") || opcode.contains("full");
    result.add(loose ? form.matching(FormCase.Match.FLOAT_ULP) : form);
  }

  private static void approximate(List<FormCase> result, String base, Function f) {
    for (String opcode : FormCase.product(base + ".approx", FTZ)) {
      result.add(approximate(opcode, f));
    }
  }

  private static FormCase approximate(String opcode, Function f) {
    boolean ftz = opcode.contains("ftz");
    return new FormCase(
            opcode + ".f32",
            4,
            1,
            (a, b, c) -> F32.bits(F32.flush((float) f.of(F32.flush(F32.value(a), ftz)), ftz)))
        .matching(FormCase.Match.FLOAT_ULP);
  }

  private static void half(List<FormCase> result, String start, String type, Function f) {
    Exact format = Exact.of(type);
    boolean ftz = start.contains("ftz");
    HalfForms.add(
        result,
        start,
        type,
        1,
        (a, b, c) -> {
          double v = f.of(format.flush(format.value(a), ftz));
          double rounded = format.round(v, RoundingMode.HALF_EVEN);
          return format.bits(format.flush(rounded, ftz));
        });
  }
}
