package io.mgnm.simulator.launch;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/** {@code cvt}: the exact value, rounded or clamped once to the type that is asked for. */
final class ConvertForms {
  private static final String[] INTEGERS = {"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"};
  private static final String[] ROUNDINGS = {"rn", "rz", "rm", "rp"};
  private static final String[] WHOLE = {"rni", "rzi", "rmi", "rpi"};
  private static final String[] SAT = {"", ".sat"};
  private static final String[] FTZ = {"", ".ftz"};

  private ConvertForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String to : INTEGERS) {
      for (String from : INTEGERS) {
        integers(result, to, from);
      }
    }
    for (String rounding : ROUNDINGS) {
      for (String from : INTEGERS) {
        for (String sat : SAT) {
          for (String to : new String[] {"f16", "f32", "f64"}) {
            fromInteger(result, rounding + sat, to, from);
          }
          fromInteger(result, rounding + ".ftz" + sat, "f32", from);
        }
        if (!from.endsWith("8")) {
          fromInteger(result, rounding, "bf16", from);
        }
      }
    }
    for (String rounding : WHOLE) {
      for (String to : INTEGERS) {
        for (String sat : SAT) {
          for (String from : new String[] {"f16", "f32", "f64"}) {
            toInteger(result, rounding + sat, to, from);
          }
          toInteger(result, rounding + ".ftz" + sat, to, "f32");
        }
        if (!to.endsWith("8")) {
          toInteger(result, rounding, to, "bf16");
        }
      }
      for (String sat : SAT) {
        for (String type : new String[] {"f16", "f32", "f64"}) {
          real(result, "." + rounding + sat, type, type);
        }
        real(result, "." + rounding + ".ftz" + sat, "f32", "f32");
      }
      real(result, "." + rounding, "bf16", "bf16");
    }
    reals(result);
    packed(result);
    return result;
  }

  private static int bits(String type) {
    return Integer.parseInt(type.replaceAll("[^0-9]", ""));
  }

  private static String source(String type) {
    return bits(type) <= 16 ? "%ha" : bits(type) == 32 ? "%a" : "%qa";
  }

  private static int bytes(String type) {
    return Math.max(2, bits(type) / 8);
  }

  private static BigInteger clamp(BigInteger v, String type) {
    boolean signed = type.startsWith("s");
    BigInteger range = BigInteger.ONE.shiftLeft(bits(type) - (signed ? 1 : 0));
    BigInteger least = signed ? range.negate() : BigInteger.ZERO;
    return v.max(least).min(range.subtract(BigInteger.ONE));
  }

  /** A register wider than the type holds it extended by its sign, or by zeros. */
  private static long extended(BigInteger v, String type) {
    return IntegerForms.number(v.longValue(), type).longValue();
  }

  private static void integers(List<FormCase> result, String to, String from) {
    result.add(
        new FormCase(
            "cvt." + to + "." + from,
            bytes(to),
            source(from),
            (a, b, c) -> extended(IntegerForms.number(a, from), to)));
    BigInteger range = BigInteger.ONE.shiftLeft(bits(from) - (from.startsWith("s") ? 1 : 0));
    BigInteger least = from.startsWith("s") ? range.negate() : BigInteger.ZERO;
    BigInteger most = range.subtract(BigInteger.ONE);
    // There is .sat where there is something to clamp.
    if (!clamp(least, to).equals(least) || !clamp(most, to).equals(most)) {
      result.add(
          new FormCase(
              "cvt.sat." + to + "." + from,
              bytes(to),
              source(from),
              (a, b, c) -> extended(clamp(IntegerForms.number(a, from), to), to)));
    }
    if (bits(to) == 64) {
      // A source register may be wider than its type.
      result.add(
          new FormCase(
              "cvt." + to + "." + from,
              8,
              "%qa",
              (a, b, c) -> extended(IntegerForms.number(a, from), to)));
    }
  }

  private static void fromInteger(List<FormCase> result, String modifiers, String to, String from) {
    Exact format = Exact.of(to);
    String opcode = "cvt." + modifiers + "." + to + "." + from;
    result.add(
        new FormCase(
            opcode,
            format.bytes(),
            source(from),
            (a, b, c) -> {
              BigInteger v = IntegerForms.number(a, from);
              double rounded = format.round(v, Exact.mode(opcode));
              return format.bits(
                  modifiers.contains("sat") ? Math.max(0, Math.min(1, rounded)) : rounded);
            }));
  }

  private static void toInteger(List<FormCase> result, String modifiers, String to, String from) {
    Exact format = Exact.of(from);
    String opcode = "cvt." + modifiers + "." + to + "." + from;
    result.add(
        new FormCase(
            opcode,
            bytes(to),
            source(from),
            (a, b, c) -> {
              double v = format.flush(format.value(a), modifiers.contains("ftz"));
              if (Double.isNaN(v)) {
                // From f64 and to 64 bits the integer of which only the highest bit is set.
                boolean far = from.equals("f64") || bits(to) == 64;
                return far ? extended(BigInteger.ONE.shiftLeft(bits(to) - 1), to) : 0;
              }
              if (Double.isInfinite(v)) {
                BigInteger far = BigInteger.ONE.shiftLeft(100);
                return extended(clamp(v > 0 ? far : far.negate(), to), to);
              }
              BigInteger whole = new BigDecimal(v).setScale(0, Exact.mode(opcode)).toBigInteger();
              return extended(clamp(whole, to), to);
            }));
  }

  private static void reals(List<FormCase> result) {
    for (String sat : SAT) {
      for (String pair :
          new String[] {"f16.f16", "f32.f16", "f32.f32", "f64.f16", "f64.f32", "f64.f64"}) {
        real(result, sat, pair);
      }
      for (String pair : new String[] {"f32.f16", "f32.f32", "f64.f32"}) {
        real(result, ".ftz" + sat, pair);
      }
      for (String rounding : ROUNDINGS) {
        for (String ftz : FTZ) {
          real(result, "." + rounding + ftz + sat, "f16.f32");
          real(result, "." + rounding + ftz + sat, "f32.f64");
        }
        real(result, "." + rounding + sat, "f16.f64");
      }
    }
    real(result, "", "f32.bf16");
    real(result, "", "f64.bf16");
    for (String rounding : ROUNDINGS) {
      real(result, "." + rounding, "bf16.f32");
      real(result, "." + rounding + ".ftz", "bf16.f32");
      real(result, "." + rounding, "bf16.f16");
      real(result, "." + rounding, "bf16.f64");
      real(result, "." + rounding, "f16.bf16");
    }
    for (String rounding : new String[] {"rn", "rz"}) {
      for (String more : new String[] {".relu", ".satfinite", ".relu.satfinite"}) {
        real(result, "." + rounding + more, "f16.f32");
        real(result, "." + rounding + more, "bf16.f32");
      }
      real(result, "." + rounding, "tf32.f32");
      real(result, "." + rounding + ".relu", "tf32.f32");
    }
    real(result, ".rna", "tf32.f32");
  }

  private static void real(List<FormCase> result, String modifiers, String pair) {
    String[] types = pair.split("\\.", -1);
    real(result, modifiers, types[0], types[1]);
  }

  private static void real(List<FormCase> result, String modifiers, String to, String from) {
    Exact format = Exact.of(to);
    FormCase form =
        new FormCase(
            "cvt" + modifiers + "." + to + "." + from,
            format.bytes(),
            source(from),
            (a, b, c) -> format.bits(converted(a, modifiers, to, from)));
    result.add(to.equals("f64") ? form.matching(FormCase.Match.DOUBLE) : form);
  }

  private static double converted(long a, String modifiers, String to, String from) {
    Exact source = Exact.of(from);
    Exact format = Exact.of(to);
    // .ftz is about f32 alone.
    boolean ftz = modifiers.contains("ftz");
    double v = source.flush(source.value(a), ftz && from.equals("f32"));
    if (modifiers.matches(".*\\.r[nzmp]i.*") && Double.isFinite(v)) {
      BigDecimal whole = new BigDecimal(v).setScale(0, Exact.mode(modifiers));
      v = whole.signum() == 0 ? Math.copySign(0, v) : whole.doubleValue();
    }
    if (modifiers.contains("sat") && !modifiers.contains("satfinite")) {
      v = Exact.saturate(v);
    }
    if (modifiers.contains("relu") && v < 0) {
      v = 0;
    }
    v = format.round(v, modifiers.contains(".rna") ? RoundingMode.HALF_UP : Exact.mode(modifiers));
    if (modifiers.contains("satfinite")) {
      v = Math.max(-format.largest(), Math.min(format.largest(), v));
    }
    return format.flush(v, ftz && to.equals("f32"));
  }

  private static void packed(List<FormCase> result) {
    for (String rounding : new String[] {"rn", "rz"}) {
      for (String more : new String[] {"", ".relu", ".satfinite", ".relu.satfinite"}) {
        for (String type : new String[] {"f16", "bf16"}) {
          String modifiers = "." + rounding + more;
          Exact format = Exact.of(type);
          result.add(
              new FormCase(
                  "cvt" + modifiers + "." + type + "x2.f32",
                  4,
                  2,
                  (a, b, c) ->
                      format.bits(converted(a, modifiers, type, "f32")) << 16
                          | format.bits(converted(b, modifiers, type, "f32"))));
        }
      }
    }
  }
}
