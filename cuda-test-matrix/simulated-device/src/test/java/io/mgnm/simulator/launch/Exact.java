package io.mgnm.simulator.launch;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/** Binary formats and correct rounding to them, by whole numbers of any size. */
enum Exact {
  F16(11, -14, 15),
  BF16(8, -126, 127),
  TF32(11, -126, 127),
  F32(24, -126, 127),
  F64(53, -1022, 1023);

  private static final int SCALE = 1074;
  private static final BigInteger ONE = BigInteger.ONE.shiftLeft(SCALE);
  private final int precision;
  private final int least;
  private final int most;

  Exact(int precision, int least, int most) {
    this.precision = precision;
    this.least = least;
    this.most = most;
  }

  static Exact of(String type) {
    return valueOf(type.replace("x2", "").toUpperCase(java.util.Locale.ROOT));
  }

  int bytes() {
    return this == F64 ? 8 : this == F32 || this == TF32 ? 4 : 2;
  }

  /** rn, rz, rm or rp as Java names it; the default is the nearest. */
  static RoundingMode mode(String opcode) {
    return opcode.matches(".*\\.rzi?\\b.*")
        ? RoundingMode.DOWN
        : opcode.matches(".*\\.rmi?\\b.*")
            ? RoundingMode.FLOOR
            : opcode.matches(".*\\.rpi?\\b.*") ? RoundingMode.CEILING : RoundingMode.HALF_EVEN;
  }

  double largest() {
    return Math.scalb(2 - Math.scalb(1.0, 1 - precision), most);
  }

  /** {@code n / d} in the format, rounded once; of zero, +0. */
  private double round(BigInteger n, BigInteger d, RoundingMode mode) {
    if (n.signum() == 0) {
      return 0;
    }
    boolean negative = n.signum() < 0;
    BigInteger size = n.abs();
    int exponent = size.bitLength() - d.bitLength();
    boolean reached =
        exponent < 0
            ? size.shiftLeft(-exponent).compareTo(d) >= 0
            : size.compareTo(d.shiftLeft(exponent)) >= 0;
    int unit = Math.max(least, reached ? exponent : exponent - 1) - precision + 1;
    BigInteger whole =
        new BigDecimal(unit < 0 ? size.shiftLeft(-unit) : size)
            .divide(
                new BigDecimal(unit < 0 ? d : d.shiftLeft(unit)),
                0,
                negative ? mirrored(mode) : mode)
            .toBigInteger();
    double result = Math.scalb(whole.doubleValue(), unit);
    if (result > largest()) {
      boolean away =
          mode == RoundingMode.HALF_EVEN
              || mode == RoundingMode.HALF_UP
              || mode == (negative ? RoundingMode.FLOOR : RoundingMode.CEILING);
      result = away ? Double.POSITIVE_INFINITY : largest();
    }
    return negative ? -result : result;
  }

  private static RoundingMode mirrored(RoundingMode mode) {
    return switch (mode) {
      case FLOOR -> RoundingMode.CEILING;
      case CEILING -> RoundingMode.FLOOR;
      default -> mode;
    };
  }

  /** {@code v} times 2 to the {@link #SCALE}: a whole number. */
  private static BigInteger scaled(double v) {
    return new BigDecimal(v).multiply(new BigDecimal(ONE)).toBigIntegerExact();
  }

  double round(double v, RoundingMode mode) {
    return Double.isFinite(v) && v != 0 ? round(scaled(v), ONE, mode) : v;
  }

  double round(BigInteger v, RoundingMode mode) {
    return round(v, BigInteger.ONE, mode);
  }

  /** The value that bits stand for. */
  double value(long bits) {
    return switch (this) {
      case F16 -> Float.float16ToFloat((short) bits);
      case BF16 -> Float.intBitsToFloat((int) bits << 16);
      case TF32, F32 -> Float.intBitsToFloat((int) bits);
      case F64 -> Double.longBitsToDouble(bits);
    };
  }

  /** Bits of a value of the format; NaN is the canonical one. */
  long bits(double v) {
    if (Double.isNaN(v)) {
      return this == F64 ? 0x7ff8000000000000L : bytes() == 2 ? 0x7fffL : 0x7fffffffL;
    }
    return switch (this) {
      case F16 -> Float.floatToFloat16((float) v) & 0xffffL;
      case BF16 -> Float.floatToRawIntBits((float) v) >>> 16;
      case TF32, F32 -> Float.floatToRawIntBits((float) v) & 0xffffffffL;
      case F64 -> Double.doubleToRawLongBits(v);
    };
  }

  double flush(double v, boolean ftz) {
    return ftz && Math.abs(v) < Math.scalb(1.0, least) ? Math.copySign(0, v) : v;
  }

  /** {@code x * y + z}, rounded once. */
  double fma(double x, double y, double z, RoundingMode mode) {
    if (!Double.isFinite(x) || !Double.isFinite(y) || !Double.isFinite(z)) {
      // In double the product of finite numbers may overflow, which must not look infinite.
      return Double.isFinite(x) && Double.isFinite(y) ? z : x * y + z;
    }
    BigInteger exact = scaled(x).multiply(scaled(y)).add(scaled(z).shiftLeft(SCALE));
    if (exact.signum() != 0) {
      return round(exact, BigInteger.ONE.shiftLeft(2 * SCALE), mode);
    }
    boolean product = Math.copySign(1, x) * Math.copySign(1, y) < 0;
    boolean addend = Math.copySign(1, z) < 0;
    boolean negative = product == addend ? product : mode == RoundingMode.FLOOR;
    return negative ? -0.0 : 0.0;
  }

  double product(double x, double y, RoundingMode mode) {
    if (!Double.isFinite(x) || !Double.isFinite(y) || x == 0 || y == 0) {
      return x * y;
    }
    return round(scaled(x).multiply(scaled(y)), BigInteger.ONE.shiftLeft(2 * SCALE), mode);
  }

  double quotient(double x, double y, RoundingMode mode) {
    if (!Double.isFinite(x) || !Double.isFinite(y) || x == 0 || y == 0) {
      return x / y;
    }
    BigInteger n = scaled(x);
    BigInteger d = scaled(y);
    double result = round(n.multiply(BigInteger.valueOf(d.signum())), d.abs(), mode);
    return result == 0 && (x < 0) != (y < 0) ? -0.0 : result;
  }

  double root(double x, RoundingMode mode) {
    if (!(x > 0) || Double.isInfinite(x)) {
      return Math.sqrt(x);
    }
    // 200 bits more than the root has, and one for what is cut off.
    BigInteger[] root = scaled(x).shiftLeft(400).sqrtAndRemainder();
    BigInteger n = root[0].shiftLeft(1).add(BigInteger.valueOf(root[1].signum()));
    return round(n, BigInteger.ONE.shiftLeft(SCALE / 2 + 201), mode);
  }

  /** Clamped to [0, 1], NaN to 0. */
  static double saturate(double v) {
    return v >= 0 ? Math.min(v, 1) : 0;
  }
}
