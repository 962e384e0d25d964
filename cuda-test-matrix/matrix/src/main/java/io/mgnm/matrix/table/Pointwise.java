package io.mgnm.matrix.table;

/** What {@code unfused_pointwise} computes, in the order of the numbers that it knows them by. */
enum Pointwise {
  ADD,
  SUBTRACT,
  MULTIPLY,
  DIVIDE,
  /** b where a is positive, else c·b. */
  WHERE_POSITIVE,
  /** 1 where a is b, else 0. */
  EQUAL,
  /** a·c; from here on b is not looked at. */
  SCALE,
  /** a + c. */
  SHIFT,
  SIGMOID,
  TANH,
  /** a where it is positive, else c·a. */
  LEAKY,
  EXP,
  SQRT,
  /** 1/a, and 0 for 0. */
  INVERSE,
  GELU,
  GELU_SLOPE,
  /** log(1 + e^−|a|). */
  SOFT_REST,
  COPY,
  /** c; a is not looked at either. */
  FILL;

  boolean hasTwoOperands() {
    return ordinal() < SCALE.ordinal();
  }
}
