package io.mgnm.ops.reference;

/** How the reference stores its values. */
public enum Precision {
  /** As computed: the truth. */
  DOUBLE,
  /** Rounded to float at every store, running sums included: naive float32. */
  SINGLE;

  /** What is stored when {@code value} was computed. */
  double store(double value) {
    return this == SINGLE ? (float) value : value;
  }
}
