package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Rounding.bits;
import static io.mgnm.simulator.isa.Rounding.d;
import static io.mgnm.simulator.isa.Rounding.f;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;
import java.util.function.LongUnaryOperator;

/** {@code cvt} between all integer and floating types, and to packed halves. */
final class ConvertFamily {
  private ConvertFamily() {}

  static Instruction decode(Decoding s, int index) {
    String integral = s.takeAny("rni", "rzi", "rmi", "rpi");
    boolean away = s.take("rna");
    Rounding mode = s.rounding();
    boolean ftz = s.take("ftz");
    boolean saturate = s.take("sat");
    boolean relu = s.take("relu");
    boolean finite = s.take("satfinite");
    Type to = s.type();
    Type from = s.type();
    if (s.count() == 3) {
      return packed(s, to, from, mode, relu, finite);
    }
    if (to == Type.TF32) {
      return tf32(s, mode, away, relu);
    }
    Instruction quick =
        integral == null && mode == Rounding.RN && !ftz && !saturate && !relu && !finite
            ? quick(s, to, from)
            : null;
    if (quick != null) {
      return quick;
    }
    Rounding towards =
        integral == null ? mode : Rounding.valueOf("R" + Character.toUpperCase(integral.charAt(1)));
    LongUnaryOperator convert =
        from.floating()
            ? to.floating()
                ? floatToFloat(to, from, towards, integral != null, ftz, saturate, relu, finite)
                : floatToInteger(to, from, towards, ftz)
            : to.floating()
                ? integerToFloat(to, from, towards, saturate)
                : integerToInteger(to, from, saturate);
    return apply(s, to, from, widen(s, to, convert));
  }

  /** The conversions that compilers emit most, as functions of their own. */
  private static Instruction quick(Decoding s, Type to, Type from) {
    if (s.registerBytes(s.operand(1), from.bytes()) != from.bytes()) {
      return null; // a wider register, of which the low bits count
    }
    if (from == Type.S32 && to.bytes() == 8 && !to.floating()) {
      return move(Build.wordToLong(s, from, to, a -> a, () -> Vectors::extended));
    }
    if (from == Type.U32 && to.bytes() == 8 && !to.floating()) {
      return move(Build.wordToLong(s, from, to, a -> a & 0xffffffffL, () -> Vectors::same));
    }
    if (from.bytes() == 8
        && to.bytes() == 4
        && !to.floating()
        && !from.floating()
        && s.registerBytes(s.operand(0), 4) == 4) {
      return move(Build.longToWord(s, from, to, a -> (int) a));
    }
    if (to == Type.F32) {
      return switch (from) {
        case S32 -> Build.w1(s, to, a -> Float.floatToRawIntBits((float) a));
        case U32 -> Build.w1(s, to, a -> Float.floatToRawIntBits((float) (a & 0xffffffffL)));
        case F16 -> Build.w1(s, to, a -> bits(Float.float16ToFloat((short) a)));
        case BF16 -> Build.w1(s, to, a -> bits(f(a << 16)));
        default -> null;
      };
    }
    if (to == Type.F16 && from == Type.F32) {
      return Build.w1(
          s, from, a -> Float.isNaN(f(a)) ? 0x7fff : Float.floatToFloat16(f(a)) & 0xffff);
    }
    return null;
  }

  private static Instruction move(Instruction instruction) {
    instruction.kind = InstructionClass.MOVE;
    return instruction;
  }

  private static Instruction apply(Decoding s, Type to, Type from, LongUnaryOperator f) {
    boolean wideResult = s.registerBytes(s.operand(0), to.bytes()) == 8;
    boolean wideSource = s.registerBytes(s.operand(1), from.bytes()) == 8;
    if (wideResult) {
      return wideSource
          ? Build.q1(s, to, f::applyAsLong)
          : Build.wordToLong(s, from, to, f::applyAsLong);
    }
    return wideSource
        ? Build.longToWord(s, from, to, a -> (int) f.applyAsLong(a))
        : Build.w1(s, from, a -> (int) f.applyAsLong(a));
  }

  /** A register wider than the result is filled with its sign, or zeros. */
  private static LongUnaryOperator widen(Decoding s, Type to, LongUnaryOperator f) {
    int register = s.registerBytes(s.operand(0), to.bytes());
    if (register == 2) {
      return a -> f.applyAsLong(a) & 0xffff;
    }
    return register == 4 ? a -> f.applyAsLong(a) & 0xffffffffL : f;
  }

  /** Value of an integer of this type in the low bits. */
  static long integer(long raw, Type t) {
    return switch (t) {
      case S8 -> (byte) raw;
      case U8, B8 -> raw & 0xff;
      case S16 -> (short) raw;
      case U16, B16 -> raw & 0xffff;
      case S32 -> (int) raw;
      case U32, B32 -> raw & 0xffffffffL;
      default -> raw;
    };
  }

  private static double real(long raw, Type t) {
    return switch (t) {
      case F32 -> f((int) raw);
      case F64 -> d(raw);
      case F16, BF16 -> SmallFloat.of(t).value((int) raw & 0xffff);
      default -> throw new IllegalArgumentException("not a float: " + t);
    };
  }

  private static LongUnaryOperator integerToInteger(Type to, Type from, boolean saturate) {
    if (!saturate) {
      return raw -> integer(integer(raw, from), to);
    }
    long low = to.signed() ? -1L << (to.bytes() * 8 - 1) : 0;
    long high =
        to.bytes() == 8 && !to.signed() ? -1 : (1L << (to.bytes() * 8 - (to.signed() ? 1 : 0))) - 1;
    boolean unsignedSource = from == Type.U64;
    return raw -> {
      long v = integer(raw, from);
      if (unsignedSource && v < 0) {
        return high;
      }
      if (to == Type.U64) {
        return !unsignedSource && v < 0 ? 0 : v;
      }
      return Math.max(low, Math.min(to.bytes() == 8 ? Long.MAX_VALUE : high, v));
    };
  }

  private static LongUnaryOperator integerToFloat(
      Type to, Type from, Rounding mode, boolean saturate) {
    return raw -> {
      long v = integer(raw, from);
      java.math.BigDecimal exact =
          from == Type.U64 && v < 0
              ? new java.math.BigDecimal(Long.toUnsignedString(v))
              : java.math.BigDecimal.valueOf(v);
      double nearest = exact.doubleValue();
      int rest = exact.compareTo(new java.math.BigDecimal(nearest));
      if (to == Type.F64) {
        double rounded = mode.adjust(nearest, rest);
        return bits(saturate ? Math.max(0, Math.min(1, rounded)) : rounded);
      }
      // A 64-bit integer may not fit a double: to odd, then rounded once.
      double odd =
          Rounding.sum(nearest, exact.subtract(new java.math.BigDecimal(nearest)).doubleValue());
      double clamped = saturate ? Math.max(0, Math.min(1, odd)) : odd;
      return to == Type.F32
          ? Float.floatToRawIntBits(mode.toFloat(clamped)) & 0xffffffffL
          : SmallFloat.of(to).bits(clamped, mode);
    };
  }

  private static LongUnaryOperator floatToInteger(Type to, Type from, Rounding mode, boolean ftz) {
    return raw -> {
      double v = real(raw, from);
      if (ftz && from == Type.F32) {
        v = Rounding.flush((float) v);
      }
      if (Double.isNaN(v)) {
        // From f64 and to 64 bits the integer of which only the highest bit is set.
        return from == Type.F64 || to.bytes() == 8 ? integer(1L << (to.bytes() * 8 - 1), to) : 0;
      }
      double whole =
          switch (mode) {
            case RN -> Math.rint(v);
            case RZ -> v < 0 ? Math.ceil(v) : Math.floor(v);
            case RM -> Math.floor(v);
            case RP -> Math.ceil(v);
          };
      if (to == Type.U64) {
        if (whole <= 0) {
          return 0;
        }
        return whole >= 0x1p64
            ? -1
            : whole >= 0x1p63 ? (long) (whole - 0x1p63) + Long.MIN_VALUE : (long) whole;
      }
      if (to == Type.S64) {
        return (long) whole;
      }
      double low = to.signed() ? -Math.scalb(1.0, to.bytes() * 8 - 1) : 0;
      double high = Math.scalb(1.0, to.bytes() * 8 - (to.signed() ? 1 : 0)) - 1;
      return (long) Math.max(low, Math.min(high, whole));
    };
  }

  private static LongUnaryOperator floatToFloat(
      Type to,
      Type from,
      Rounding mode,
      boolean integral,
      boolean ftz,
      boolean saturate,
      boolean relu,
      boolean finite) {
    return raw -> {
      double v = real(raw, from);
      if (ftz && from == Type.F32) {
        v = Rounding.flush((float) v);
      }
      if (integral) {
        double whole =
            switch (mode) {
              case RN -> Math.rint(v);
              case RZ -> v < 0 ? Math.ceil(v) : Math.floor(v);
              case RM -> Math.floor(v);
              case RP -> Math.ceil(v);
            };
        v = whole;
      }
      if (saturate) {
        v = v >= 0 ? Math.min(v, 1) : 0;
      }
      if (relu && v < 0) {
        v = 0;
      }
      if (finite) {
        double largest = SmallFloat.of(to).largest();
        v = Math.max(-largest, Math.min(largest, v));
      }
      return switch (to) {
        case F64 -> bits(v);
        case F32 -> {
          float rounded = mode.toFloat(v);
          yield bits(ftz ? Rounding.flush(rounded) : rounded) & 0xffffffffL;
        }
        default -> SmallFloat.of(to).bits(v, mode);
      };
    };
  }

  /** {@code cvt.rn.f16x2.f32 d, a, b}: a in the upper half. */
  private static Instruction packed(
      Decoding s, Type to, Type from, Rounding mode, boolean relu, boolean finite) {
    if (from != Type.F32 || (to != Type.F16X2 && to != Type.BF16X2)) {
      throw s.error("this form of cvt");
    }
    SmallFloat format = SmallFloat.of(to);
    return Build.w2(
        s,
        Type.F32,
        (a, b) ->
            half(format, f(a), mode, relu, finite) << 16 | half(format, f(b), mode, relu, finite));
  }

  private static int half(
      SmallFloat format, float value, Rounding mode, boolean relu, boolean finite) {
    double v = value;
    if (finite) {
      v = Math.max(-format.largest(), Math.min(format.largest(), v));
    }
    return format.bits(relu && v < 0 ? 0 : v, mode);
  }

  /** tf32: a float with 10 bits of fraction; {@code .rna} rounds ties away from zero. */
  private static Instruction tf32(Decoding s, Rounding mode, boolean away, boolean relu) {
    if (!(s.operand(0) instanceof Operand.Name)) {
      throw s.error("this form of cvt");
    }
    return Build.w1(
        s,
        Type.F32,
        a -> {
          float v = f(a);
          if (Double.isNaN(v)) {
            return 0x7fffffff;
          }
          int rounded =
              Float.isInfinite(v)
                  ? a
                  : away
                      ? a + 0x1000 & 0xffffe000
                      : Float.floatToRawIntBits((float) mode.narrow(v, 11, -126, Float.MAX_VALUE));
          return relu && v < 0 ? 0 : rounded;
        });
  }
}
