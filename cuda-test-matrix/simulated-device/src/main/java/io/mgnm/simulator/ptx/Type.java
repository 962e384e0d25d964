package io.mgnm.simulator.ptx;

import java.util.Locale;

/** Fundamental types of PTX with their size in bytes. */
public enum Type {
  B8(1),
  B16(2),
  B32(4),
  B64(8),
  B128(16),
  U8(1),
  U16(2),
  U32(4),
  U64(8),
  S8(1),
  S16(2),
  S32(4),
  S64(8),
  F16(2),
  F16X2(4),
  BF16(2),
  BF16X2(4),
  TF32(4),
  F32(4),
  F64(8),
  PRED(0);

  private final int bytes;

  Type(int bytes) {
    this.bytes = bytes;
  }

  public int bytes() {
    return bytes;
  }

  public boolean signed() {
    return this == S8 || this == S16 || this == S32 || this == S64;
  }

  public boolean floating() {
    return ordinal() >= F16.ordinal() && this != PRED;
  }

  /** The type a modifier such as "f32" names, or null. */
  public static Type of(String modifier) {
    for (Type type : values()) {
      if (type.name().toLowerCase(Locale.ROOT).equals(modifier)) {
        return type;
      }
    }
    return null;
  }
}
