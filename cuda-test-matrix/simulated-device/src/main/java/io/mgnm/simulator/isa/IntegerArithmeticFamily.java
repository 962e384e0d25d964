package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Type;

/** {@code add sub mul mad min max neg abs div rem} of integers, and the carry chain. */
final class IntegerArithmeticFamily {
  private IntegerArithmeticFamily() {}

  static Instruction decode(Decoding d) {
    Type t = d.type();
    if (d.take("cc")) {
      return CarryChain.decode(d, t, true);
    }
    boolean saturate = d.take("sat");
    if (saturate && (t != Type.S32 || d.base.equals("mul"))) {
      throw d.error(".sat");
    }
    String part = d.takeAny("lo", "hi", "wide");
    return switch (t.bytes()) {
      case 2 -> part != null && part.equals("wide") ? wide16(d, t) : narrow(d, t, part);
      case 4 -> part != null && part.equals("wide") ? wide32(d, t) : word(d, t, part, saturate);
      case 8 -> longs(d, t, part);
      default -> throw d.error("type ." + t);
    };
  }

  private static Instruction word(Decoding d, Type t, String part, boolean saturate) {
    boolean signed = t.signed();
    boolean high = "hi".equals(part);
    return switch (d.base) {
      case "add" ->
          saturate
              ? Build.w2(d, t, (a, b) -> clamp((long) a + b))
              : Build.w2(d, t, (a, b) -> a + b, () -> Vectors::add);
      case "sub" ->
          saturate
              ? Build.w2(d, t, (a, b) -> clamp((long) a - b))
              : Build.w2(d, t, (a, b) -> a - b, () -> Vectors::sub);
      case "mul" ->
          !high
              ? Build.w2(d, t, (a, b) -> a * b, () -> Vectors::mul)
              : signed
                  ? Build.w2(d, t, (a, b) -> (int) (((long) a * b) >> 32))
                  : Build.w2(d, t, (a, b) -> (int) ((u(a) * u(b)) >>> 32));
      case "mad" ->
          !high
              ? Build.w3(d, t, (a, b, c) -> a * b + c, () -> Vectors::mad)
              : saturate
                  ? Build.w3(d, t, (a, b, c) -> clamp((((long) a * b) >> 32) + c))
                  : signed
                      ? Build.w3(d, t, (a, b, c) -> (int) (((long) a * b) >> 32) + c)
                      : Build.w3(d, t, (a, b, c) -> (int) ((u(a) * u(b)) >>> 32) + c);
      case "min" ->
          signed
              ? Build.w2(d, t, Math::min, () -> Vectors::smaller)
              : Build.w2(d, t, (a, b) -> Integer.compareUnsigned(a, b) < 0 ? a : b);
      case "max" ->
          signed
              ? Build.w2(d, t, Math::max, () -> Vectors::larger)
              : Build.w2(d, t, (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b);
      case "neg" -> Build.w1(d, t, a -> -a);
      case "abs" -> Build.w1(d, t, Math::abs);
      // The result of a division by zero is not specified; a device gives all ones.
      case "div" ->
          signed
              ? Build.w2(d, t, (a, b) -> b == 0 ? -1 : a / b)
              : Build.w2(d, t, (a, b) -> b == 0 ? -1 : Integer.divideUnsigned(a, b));
      case "rem" ->
          signed
              ? Build.w2(d, t, (a, b) -> b == 0 ? a : a % b)
              : Build.w2(d, t, (a, b) -> b == 0 ? a : Integer.remainderUnsigned(a, b));
      default -> throw d.error("no such integer instruction");
    };
  }

  private static Instruction wide32(Decoding d, Type t) {
    boolean signed = t.signed();
    Type out = signed ? Type.S64 : Type.U64;
    if (d.base.equals("mul")) {
      ConversionLoops.WordsToLong f = signed ? (a, b) -> (long) a * b : (a, b) -> u(a) * u(b);
      int result = d.wide(0, out);
      int a = d.word(1, t);
      int b = d.word(2, t);
      return Specialised.withHotForm(
          Specialised.create(
              ConversionLoops.WordsToLongLoop.class, Instruction.class, f, result, a, b),
          f,
          () ->
              Specialised.create(
                  VectorLoops.WidenBinaryLoop.class,
                  Instruction.class,
                  signed ? Build.signedProduct() : Build.product(),
                  result,
                  a,
                  b));
    }
    ConversionLoops.WideMultiplyAdd f =
        signed ? (a, b, c) -> (long) a * b + c : (a, b, c) -> u(a) * u(b) + c;
    return Specialised.create(
        ConversionLoops.WideMultiplyAddLoop.class,
        Instruction.class,
        f,
        d.wide(0, out),
        d.word(1, t),
        d.word(2, t),
        d.wide(3, out));
  }

  private static Instruction wide16(Decoding d, Type t) {
    boolean signed = t.signed();
    if (d.base.equals("mul")) {
      return signed
          ? Build.w2(d, t, (a, b) -> (short) a * (short) b)
          : Build.w2(d, t, (a, b) -> (a & 0xffff) * (b & 0xffff));
    }
    return signed
        ? Build.w3(d, t, Type.S32, (a, b, c) -> (short) a * (short) b + c)
        : Build.w3(d, t, Type.U32, (a, b, c) -> (a & 0xffff) * (b & 0xffff) + c);
  }

  /** 16 bits: kept zero-extended. */
  private static Instruction narrow(Decoding d, Type t, String part) {
    boolean signed = t.signed();
    boolean high = "hi".equals(part);
    return switch (d.base) {
      case "add" -> Build.w2(d, t, (a, b) -> a + b & 0xffff);
      case "sub" -> Build.w2(d, t, (a, b) -> a - b & 0xffff);
      case "mul" ->
          !high
              ? Build.w2(d, t, (a, b) -> a * b & 0xffff)
              : signed
                  ? Build.w2(d, t, (a, b) -> ((short) a * (short) b) >>> 16 & 0xffff)
                  : Build.w2(d, t, (a, b) -> ((a & 0xffff) * (b & 0xffff)) >>> 16);
      case "mad" ->
          !high
              ? Build.w3(d, t, (a, b, c) -> a * b + c & 0xffff)
              : signed
                  ? Build.w3(d, t, (a, b, c) -> (((short) a * (short) b) >>> 16) + c & 0xffff)
                  : Build.w3(
                      d, t, (a, b, c) -> (((a & 0xffff) * (b & 0xffff)) >>> 16) + c & 0xffff);
      case "min" ->
          signed
              ? Build.w2(d, t, (a, b) -> Math.min((short) a, (short) b) & 0xffff)
              : Build.w2(d, t, (a, b) -> Math.min(a & 0xffff, b & 0xffff));
      case "max" ->
          signed
              ? Build.w2(d, t, (a, b) -> Math.max((short) a, (short) b) & 0xffff)
              : Build.w2(d, t, (a, b) -> Math.max(a & 0xffff, b & 0xffff));
      case "neg" -> Build.w1(d, t, a -> -a & 0xffff);
      case "abs" -> Build.w1(d, t, a -> Math.abs((short) a) & 0xffff);
      case "div" ->
          signed
              ? Build.w2(d, t, (a, b) -> (short) b == 0 ? 0xffff : (short) a / (short) b & 0xffff)
              : Build.w2(d, t, (a, b) -> (b & 0xffff) == 0 ? 0xffff : (a & 0xffff) / (b & 0xffff));
      case "rem" ->
          signed
              ? Build.w2(d, t, (a, b) -> (short) b == 0 ? a : (short) a % (short) b & 0xffff)
              : Build.w2(d, t, (a, b) -> (b & 0xffff) == 0 ? a : (a & 0xffff) % (b & 0xffff));
      default -> throw d.error("no such integer instruction");
    };
  }

  private static Instruction longs(Decoding d, Type t, String part) {
    boolean signed = t.signed();
    boolean high = "hi".equals(part);
    return switch (d.base) {
      case "add" -> Build.q2(d, t, (a, b) -> a + b, () -> Vectors::add);
      case "sub" -> Build.q2(d, t, (a, b) -> a - b, () -> Vectors::sub);
      case "mul" ->
          !high
              ? Build.q2(d, t, (a, b) -> a * b)
              : signed
                  ? Build.q2(d, t, Math::multiplyHigh)
                  : Build.q2(d, t, Math::unsignedMultiplyHigh);
      case "mad" ->
          !high
              ? Build.q3(d, t, (a, b, c) -> a * b + c)
              : signed
                  ? Build.q3(d, t, (a, b, c) -> Math.multiplyHigh(a, b) + c)
                  : Build.q3(d, t, (a, b, c) -> Math.unsignedMultiplyHigh(a, b) + c);
      case "min" ->
          signed
              ? Build.q2(d, t, Math::min)
              : Build.q2(d, t, (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b);
      case "max" ->
          signed
              ? Build.q2(d, t, Math::max)
              : Build.q2(d, t, (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b);
      case "neg" -> Build.q1(d, t, a -> -a);
      case "abs" -> Build.q1(d, t, Math::abs);
      case "div" ->
          signed
              ? Build.q2(d, t, (a, b) -> b == 0 ? -1 : a / b)
              : Build.q2(d, t, (a, b) -> b == 0 ? -1 : Long.divideUnsigned(a, b));
      case "rem" ->
          signed
              ? Build.q2(d, t, (a, b) -> b == 0 ? a : a % b)
              : Build.q2(d, t, (a, b) -> b == 0 ? a : Long.remainderUnsigned(a, b));
      default -> throw d.error("no such integer instruction");
    };
  }

  private static int clamp(long value) {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, value));
  }

  private static long u(int value) {
    return value & 0xffffffffL;
  }

  /** Instructions that set or read the carry flag, predicate place 0. */
  static final class CarryChain extends Instruction {
    private final String operation;
    private final boolean setCarry;
    private final boolean useCarry;
    private final boolean high;
    private final boolean signed;
    private final boolean wide;
    private final int[] place;

    private CarryChain(Decoding d, Type t, boolean setCarry) {
      this.setCarry = setCarry;
      useCarry = d.base.endsWith("c");
      operation = useCarry ? d.base.substring(0, 3) : d.base;
      high = "hi".equals(d.takeAny("lo", "hi"));
      signed = t.signed();
      wide = t.bytes() == 8;
      place = new int[d.count()];
      for (int i = 0; i < place.length; i++) {
        place[i] = wide ? d.wide(i, t) : d.word(i, t);
      }
    }

    static Instruction decode(Decoding d, Type t, boolean setCarry) {
      if (t.bytes() < 4) {
        throw d.error("carry of this type");
      }
      return new CarryChain(d, t, setCarry);
    }

    @Override
    public void execute(Warp warp, int mask) {
      int carry = warp.p[0];
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        long in = useCarry ? carry >>> i & 1 : 0;
        boolean out = wide ? longs(warp, i, in) : words(warp, i, in);
        if (setCarry) {
          carry = (carry & ~(1 << i)) | (out ? 1 << i : 0);
        }
      }
      warp.p[0] = carry;
    }

    private boolean words(Warp warp, int i, long in) {
      int[] r = warp.r;
      long a = u(r[place[1] + i]);
      long b = u(r[place[2] + i]);
      long sum =
          switch (operation) {
            case "add" -> a + b + in;
            case "sub" -> a - b - in;
            default -> u(product((int) a, (int) b)) + u(r[place[3] + i]) + in;
          };
      r[place[0] + i] = (int) sum;
      return (sum >>> 32 & 1) != 0;
    }

    private int product(int a, int b) {
      if (!high) {
        return a * b;
      }
      return signed ? (int) (((long) a * b) >> 32) : (int) ((u(a) * u(b)) >>> 32);
    }

    private boolean longs(Warp warp, int i, long in) {
      long[] q = warp.q;
      long a = q[place[1] + i];
      long b = q[place[2] + i];
      if (operation.equals("sub")) {
        long part = a - b;
        q[place[0] + i] = part - in;
        return Long.compareUnsigned(a, b) < 0 || Long.compareUnsigned(part, in) < 0;
      }
      if (operation.equals("mad")) {
        long p = !high ? a * b : signed ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b);
        b = q[place[3] + i];
        a = p;
      }
      long part = a + b;
      long sum = part + in;
      q[place[0] + i] = sum;
      return Long.compareUnsigned(part, a) < 0 || Long.compareUnsigned(sum, part) < 0;
    }
  }
}
