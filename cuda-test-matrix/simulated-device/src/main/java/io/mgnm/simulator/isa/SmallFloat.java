package io.mgnm.simulator.isa;

import io.mgnm.simulator.ptx.Type;

/** The 16-bit formats. Values go through double, so that each result is rounded once. */
enum SmallFloat {
  F16(11, -14, 65504.0),
  BF16(8, -126, 0x1.FEp127);

  private final int precision;
  private final int least;
  private final double largest;

  SmallFloat(int precision, int least, double largest) {
    this.precision = precision;
    this.least = least;
    this.largest = largest;
  }

  static SmallFloat of(Type type) {
    return type == Type.F16 || type == Type.F16X2 ? F16 : BF16;
  }

  double value(int bits) {
    return this == F16 ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
  }

  /** The same with subnormals flushed to zero of their sign, if {@code ftz}. */
  double value(int bits, boolean ftz) {
    double v = value(bits);
    return ftz && subnormal(v) ? Math.copySign(0.0, v) : v;
  }

  /** Bits of the rounded value; NaN is the canonical 0x7fff. */
  int bits(double value, Rounding mode) {
    if (Double.isNaN(value)) {
      return 0x7fff;
    }
    double rounded = mode.narrow(value, precision, least, largest);
    return this == F16
        ? Float.floatToFloat16((float) rounded) & 0xffff
        : Float.floatToRawIntBits((float) rounded) >>> 16;
  }

  double largest() {
    return largest;
  }

  boolean subnormal(double v) {
    return v != 0 && Math.abs(v) < Math.scalb(1.0, least);
  }
}
