package io.mgnm.simulator.launch;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Single precision in every rounding, flushing and saturation, from exact sums and products. */
final class FloatForms {
  private static final String[] ROUNDINGS = {"", "rn", "rz", "rm", "rp"};
  private static final String[] FTZ = {"", "ftz"};
  private static final String[] SAT = {"", "sat"};

  private FloatForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String base : new String[] {"add", "sub", "mul", "fma", "mad"}) {
      boolean fused = base.equals("fma") || base.equals("mad");
      String[] roundings = fused ? Arrays.copyOfRange(ROUNDINGS, 1, 5) : ROUNDINGS;
      for (String opcode : FormCase.product(base, roundings, FTZ, SAT)) {
        result.add(arithmetic(base, opcode));
      }
    }
    for (String opcode : FormCase.product("neg", FTZ)) {
      result.add(unary(opcode, v -> -v));
    }
    for (String opcode : FormCase.product("abs", FTZ)) {
      result.add(unary(opcode, Math::abs));
    }
    String[] nan = {"", "NaN"};
    String[] signs = {"", "xorsign.abs"};
    for (String base : new String[] {"min", "max"}) {
      for (String opcode : FormCase.product(base, FTZ, nan, signs)) {
        result.add(extremum(opcode));
      }
    }
    return result;
  }

  private interface FloatFunction {
    float of(float v);
  }

  private static FormCase unary(String opcode, FloatFunction f) {
    boolean ftz = opcode.contains("ftz");
    return new FormCase(
        opcode + ".f32",
        4,
        1,
        (a, b, c) -> {
          // The sign of a NaN changes like any other; its payload stays.
          float v = f((int) a);
          return Float.isNaN(v)
              ? opcode.startsWith("neg") ? a ^ 0x80000000L : a & 0x7fffffffL
              : Float.floatToRawIntBits(f.of(flush(v, ftz)));
        });
  }

  private static FormCase arithmetic(String base, String opcode) {
    boolean ftz = opcode.contains("ftz");
    boolean saturate = opcode.contains("sat");
    int mode =
        opcode.contains(".rz") ? 0 : opcode.contains(".rm") ? -1 : opcode.contains(".rp") ? 1 : 2;
    int operands = base.equals("fma") || base.equals("mad") ? 3 : 2;
    return new FormCase(
        opcode + ".f32",
        4,
        operands,
        (a, b, c) -> {
          float x = flush(f((int) a), ftz);
          float y = flush(f((int) b), ftz);
          float z = flush(f((int) c), ftz);
          float value =
              switch (base) {
                case "add" -> round(x, 1, y, mode, false);
                case "sub" -> round(x, 1, -y, mode, false);
                case "mul" -> round(x, y, 0, mode, true);
                default -> round(x, y, z, mode, false);
              };
          value = flush(value, ftz);
          if (saturate) {
            value = value >= 0 ? Math.min(value, 1) : 0;
          }
          return bits(value);
        });
  }

  /**
   * {@code x * y + z} rounded: to nearest (2), towards zero (0), down (-1) or up (1).
   *
   * @param productOnly without the addition, which could change the sign of a zero
   */
  private static float round(float x, float y, float z, int mode, boolean productOnly) {
    float nearest = productOnly ? x * y : Math.fma(x, y, z);
    if (!Float.isFinite(x) || !Float.isFinite(y) || !Float.isFinite(z)) {
      return nearest;
    }
    BigDecimal exact = new BigDecimal(x).multiply(new BigDecimal(y)).add(new BigDecimal(z));
    if (exact.signum() == 0) {
      boolean negative = Math.copySign(1, x) * Math.copySign(1, y) < 0;
      boolean same = negative == Math.copySign(1, z) < 0;
      return productOnly || same ? nearest : mode == -1 ? -0f : 0f;
    }
    if (mode == 2) {
      return exact.floatValue() == 0 ? Math.copySign(0f, exact.signum()) : exact.floatValue();
    }
    boolean down = mode == -1 || (mode == 0 && exact.signum() > 0);
    float candidate = exact.floatValue();
    if (down) {
      while (candidate == Float.POSITIVE_INFINITY || above(candidate, exact)) {
        candidate = Math.nextDown(candidate);
      }
    } else {
      while (candidate == Float.NEGATIVE_INFINITY || below(candidate, exact)) {
        candidate = Math.nextUp(candidate);
      }
    }
    return candidate == 0 ? Math.copySign(0f, exact.signum()) : candidate;
  }

  private static boolean above(float v, BigDecimal exact) {
    return Float.isFinite(v) && new BigDecimal(v).compareTo(exact) > 0;
  }

  private static boolean below(float v, BigDecimal exact) {
    return Float.isFinite(v) && new BigDecimal(v).compareTo(exact) < 0;
  }

  private static FormCase extremum(String opcode) {
    boolean ftz = opcode.contains("ftz");
    boolean nan = opcode.contains("NaN");
    boolean signs = opcode.contains("xorsign");
    boolean max = opcode.startsWith("max");
    return new FormCase(
        opcode + ".f32",
        4,
        2,
        (a, b, c) -> {
          float x = flush(f((int) a), ftz);
          float y = flush(f((int) b), ftz);
          boolean one = Float.isNaN(x) || Float.isNaN(y);
          if ((nan && one) || (Float.isNaN(x) && Float.isNaN(y))) {
            return 0x7fffffff;
          }
          float left = signs ? Math.abs(x) : x;
          float right = signs ? Math.abs(y) : y;
          float chosen =
              Float.isNaN(left)
                  ? right
                  : Float.isNaN(right) ? left : max ? Math.max(left, right) : Math.min(left, right);
          int result = Float.floatToRawIntBits(chosen);
          return signs ? (result & 0x7fffffff) | ((int) (a ^ b) & 0x80000000) : result;
        });
  }

  private static float f(int bits) {
    return Float.intBitsToFloat(bits);
  }

  private static int bits(float v) {
    return Float.isNaN(v) ? 0x7fffffff : Float.floatToRawIntBits(v);
  }

  private static float flush(float v, boolean ftz) {
    return ftz && Math.abs(v) < Float.MIN_NORMAL ? Math.copySign(0f, v) : v;
  }
}
