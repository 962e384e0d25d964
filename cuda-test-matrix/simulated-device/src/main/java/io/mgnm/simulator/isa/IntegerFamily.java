package io.mgnm.simulator.isa;

import io.mgnm.simulator.isa.IntegerArithmeticFamily.CarryChain;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;

/** Integer instructions beyond arithmetic: bit counting, bit fields, dot products, carry. */
final class IntegerFamily {
  private IntegerFamily() {}

  static Instruction decode(Decoding d, int index) {
    return switch (d.base) {
      case "addc", "subc", "madc" -> {
        boolean set = d.take("cc");
        yield CarryChain.decode(d, d.type(), set);
      }
      case "mul24", "mad24" -> multiply24(d);
      case "dp4a" -> dotProduct(d);
      case "popc" ->
          d.type().bytes() == 8
              ? Build.longToWord(d, Type.B64, Type.U32, Long::bitCount)
              : Build.w1(d, Type.B32, Integer::bitCount);
      case "clz" ->
          d.type().bytes() == 8
              ? Build.longToWord(d, Type.B64, Type.U32, Long::numberOfLeadingZeros)
              : Build.w1(d, Type.B32, Integer::numberOfLeadingZeros);
      case "brev" -> {
        Type t = d.type();
        yield t.bytes() == 8 ? Build.q1(d, t, Long::reverse) : Build.w1(d, t, Integer::reverse);
      }
      case "bfind" -> findBit(d);
      case "bfe" -> extract(d);
      case "bfi" -> insert(d);
      case "sad" -> {
        Type t = d.type();
        yield t == Type.S32
            ? Build.w3(d, t, (a, b, c) -> (a < b ? b - a : a - b) + c)
            : t == Type.U32
                ? Build.w3(
                    d, t, (a, b, c) -> (Integer.compareUnsigned(a, b) < 0 ? b - a : a - b) + c)
                : unknown(d);
      }
      case "szext" -> extend(d);
      case "bmsk" -> {
        boolean wrap = d.take("wrap");
        if (!wrap) {
          d.take("clamp");
        }
        d.type();
        yield Build.w2(d, Type.B32, (a, b) -> bitMask(a, b, wrap));
      }
      default -> unknown(d);
    };
  }

  private static Instruction unknown(Decoding d) {
    throw d.error("this form of " + d.base);
  }

  private static Instruction multiply24(Decoding d) {
    boolean high = "hi".equals(d.takeAny("lo", "hi"));
    Type t = d.type();
    boolean signed = t.signed();
    return d.base.equals("mul24")
        ? Build.w2(d, t, (a, b) -> product24(a, b, signed, high))
        : Build.w3(d, t, (a, b, c) -> product24(a, b, signed, high) + c);
  }

  private static int product24(int a, int b, boolean signed, boolean high) {
    long x = signed ? a << 8 >> 8 : a & 0xffffff;
    long y = signed ? b << 8 >> 8 : b & 0xffffff;
    return (int) (high ? (x * y) >> 16 : x * y);
  }

  private static Instruction dotProduct(Decoding d) {
    boolean signedA = d.type() == Type.S32;
    boolean signedB = d.type() == Type.S32;
    return Build.w3(
        d,
        Type.B32,
        (a, b, c) -> {
          int sum = c;
          for (int shift = 0; shift < 32; shift += 8) {
            int x = signedA ? (byte) (a >> shift) : a >>> shift & 0xff;
            int y = signedB ? (byte) (b >> shift) : b >>> shift & 0xff;
            sum += x * y;
          }
          return sum;
        });
  }

  private static Instruction findBit(Decoding d) {
    boolean shift = d.take("shiftamt");
    Type t = d.type();
    boolean signed = t.signed();
    if (t.bytes() == 8) {
      return Build.longToWord(
          d,
          t,
          Type.U32,
          a -> found(Long.numberOfLeadingZeros(signed && a < 0 ? ~a : a), 63, shift));
    }
    return Build.w1(
        d, t, a -> found(Integer.numberOfLeadingZeros(signed && a < 0 ? ~a : a), 31, shift));
  }

  private static int found(int leading, int top, boolean shift) {
    return leading > top ? -1 : shift ? leading : top - leading;
  }

  private static Instruction extract(Decoding d) {
    Type t = d.type();
    boolean signed = t.signed();
    if (t.bytes() == 8) {
      LongLoops.LongField f = (a, b, c) -> field(a, b & 0xff, c & 0xff, 64, signed);
      return Specialised.create(
          LongLoops.LongFieldLoop.class,
          Instruction.class,
          f,
          d.wide(0, t),
          d.wide(1, t),
          d.word(2, Type.U32),
          d.word(3, Type.U32));
    }
    return signed
        ? Build.w3(d, t, (a, b, c) -> (int) field(a, b & 0xff, c & 0xff, 32, true))
        : Build.w3(d, t, (a, b, c) -> (int) field(a & 0xffffffffL, b & 0xff, c & 0xff, 32, false));
  }

  /** {@code length} bits from {@code position}; past the top stands the sign, or zero. */
  private static long field(long a, int position, int length, int width, boolean signed) {
    if (length == 0) {
      return 0;
    }
    int signAt = Math.min(position + length - 1, width - 1);
    long sign = signed ? a >>> signAt & 1 : 0;
    long result = position >= width ? 0 : a >>> position;
    int kept = Math.max(0, Math.min(length, width - position));
    long mask = kept >= 64 ? -1 : (1L << kept) - 1;
    return sign != 0 ? (result & mask) | ~mask : result & mask;
  }

  private static Instruction insert(Decoding d) {
    Type t = d.type();
    if (t.bytes() == 8) {
      LongLoops.WordInsert f = (a, b, c, e) -> inserted(a, b, c & 0xff, e & 0xff, 64);
      return Specialised.create(
          LongLoops.WordInsertLoop.class,
          Instruction.class,
          f,
          d.wide(0, t),
          d.wide(1, t),
          d.wide(2, t),
          d.word(3, Type.U32),
          d.word(4, Type.U32));
    }
    WordLoops.WordFour f = (a, b, c, e) -> (int) inserted(a, b, c & 0xff, e & 0xff, 32);
    return Specialised.create(
        WordLoops.WordFourLoop.class,
        Instruction.class,
        f,
        d.word(0, t),
        d.word(1, t),
        d.word(2, t),
        d.word(3, Type.U32),
        d.word(4, Type.U32));
  }

  private static long inserted(long a, long b, int position, int length, int width) {
    if (position >= width || length == 0) {
      return b;
    }
    int kept = Math.min(length, width - position);
    long mask = (kept >= 64 ? -1 : (1L << kept) - 1) << position;
    return (b & ~mask) | (a << position & mask);
  }

  private static Instruction extend(Decoding d) {
    boolean wrap = d.take("wrap");
    if (!wrap) {
      d.take("clamp");
    }
    Type t = d.type();
    boolean signed = t.signed();
    return Build.w2(
        d,
        t,
        (a, b) -> {
          int n = wrap ? b & 31 : Integer.compareUnsigned(b, 32) > 0 ? 32 : b;
          if (n == 0) {
            return 0;
          }
          int shift = 32 - n;
          return signed ? a << shift >> shift : a << shift >>> shift;
        });
  }

  private static int bitMask(int a, int b, boolean wrap) {
    int position = wrap ? a & 31 : Integer.compareUnsigned(a, 32) > 0 ? 32 : a;
    int length = wrap ? b & 31 : Integer.compareUnsigned(b, 32) > 0 ? 32 : b;
    long mask = ((1L << length) - 1) << position;
    return (int) mask;
  }
}
