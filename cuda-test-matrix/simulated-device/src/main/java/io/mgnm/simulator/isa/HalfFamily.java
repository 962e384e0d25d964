package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;

/** Arithmetic of f16, bf16 and their packed pairs. */
final class HalfFamily {
  /** What is done to one element. */
  @FunctionalInterface
  private interface Element {
    int of(int a, int b, int c);
  }

  private HalfFamily() {}

  static Instruction decode(Decoding d) {
    Type t = d.type();
    SmallFloat format = SmallFloat.of(t);
    boolean ftz = d.take("ftz");
    boolean nan = d.take("NaN");
    boolean signs = d.take("xorsign");
    if (signs && !d.take("abs")) {
      throw d.error(".xorsign without .abs");
    }
    boolean saturate = d.take("sat");
    boolean relu = d.take("relu");
    if (signs) {
      throw d.error(".xorsign.abs of halves");
    }
    d.take("rn");
    Element e =
        switch (d.base) {
          case "add" ->
              (a, b, c) -> sum(format, in(format, a, ftz), in(format, b, ftz), ftz, saturate, relu);
          case "sub" ->
              (a, b, c) ->
                  sum(format, in(format, a, ftz), -in(format, b, ftz), ftz, saturate, relu);
          case "mul" ->
              (a, b, c) ->
                  out(format, in(format, a, ftz) * in(format, b, ftz), ftz, saturate, relu);
          case "fma" ->
              (a, b, c) ->
                  sum(
                      format,
                      in(format, a, ftz) * in(format, b, ftz),
                      in(format, c, ftz),
                      ftz,
                      saturate,
                      relu);
          case "neg" -> (a, b, c) -> flushed(format, a, ftz) ^ 0x8000;
          case "abs" -> (a, b, c) -> flushed(format, a, ftz) & 0x7fff;
          case "min", "max" -> {
            boolean max = d.base.equals("max");
            yield (a, b, c) -> extremum(format, a, b, max, nan, ftz);
          }
          default -> throw d.error("no half precision form");
        };
    return build(d, t, e);
  }

  static Instruction special(Decoding d, Type t) {
    SmallFloat format = SmallFloat.of(t);
    boolean exponential = d.base.equals("ex2");
    if (!exponential && !d.base.equals("tanh")) {
      throw d.error("no half precision form");
    }
    Element e =
        exponential
            ? (a, b, c) -> format.bits(Math.pow(2, format.value(a)), Rounding.RN)
            : (a, b, c) -> format.bits(Math.tanh(format.value(a)), Rounding.RN);
    Instruction result = build(d, t, e);
    result.kind = InstructionClass.SPECIAL;
    return result;
  }

  private static Instruction build(Decoding d, Type t, Element e) {
    boolean pair = t == Type.F16X2 || t == Type.BF16X2;
    return switch (d.count()) {
      case 2 ->
          pair
              ? Build.w1(d, t, a -> e.of(a & 0xffff, 0, 0) | e.of(a >>> 16, 0, 0) << 16)
              : Build.w1(d, t, a -> e.of(a & 0xffff, 0, 0));
      case 3 ->
          pair
              ? Build.w2(
                  d,
                  t,
                  (a, b) -> e.of(a & 0xffff, b & 0xffff, 0) | e.of(a >>> 16, b >>> 16, 0) << 16)
              : Build.w2(d, t, (a, b) -> e.of(a & 0xffff, b & 0xffff, 0));
      case 4 ->
          pair
              ? Build.w3(
                  d,
                  t,
                  (a, b, c) ->
                      e.of(a & 0xffff, b & 0xffff, c & 0xffff)
                          | e.of(a >>> 16, b >>> 16, c >>> 16) << 16)
              : Build.w3(d, t, (a, b, c) -> e.of(a & 0xffff, b & 0xffff, c & 0xffff));
      default -> throw d.error("number of operands");
    };
  }

  private static double in(SmallFloat format, int bits, boolean ftz) {
    return format.value(bits, ftz);
  }

  private static int flushed(SmallFloat format, int bits, boolean ftz) {
    return ftz && format.subnormal(format.value(bits)) ? bits & 0x8000 : bits;
  }

  private static int sum(
      SmallFloat format, double a, double b, boolean ftz, boolean saturate, boolean relu) {
    return out(format, Rounding.sum(a, b), ftz, saturate, relu);
  }

  static int out(SmallFloat format, double v, boolean ftz, boolean saturate, boolean relu) {
    int bits = format.bits(v, Rounding.RN);
    double rounded = format.value(bits);
    if (ftz && format.subnormal(rounded)) {
      bits &= 0x8000;
      rounded = format.value(bits);
    }
    if (saturate) {
      return rounded >= 0 ? format.bits(Math.min(rounded, 1), Rounding.RN) : 0;
    }
    return relu && rounded < 0 ? 0 : bits;
  }

  private static int extremum(
      SmallFloat format, int a, int b, boolean max, boolean nan, boolean ftz) {
    double x = in(format, a, ftz);
    double y = in(format, b, ftz);
    if (Double.isNaN(x) || Double.isNaN(y)) {
      if (nan || (Double.isNaN(x) && Double.isNaN(y))) {
        return 0x7fff;
      }
      return Double.isNaN(x) ? format.bits(y, Rounding.RN) : format.bits(x, Rounding.RN);
    }
    return format.bits(max ? Math.max(x, y) : Math.min(x, y), Rounding.RN);
  }
}
