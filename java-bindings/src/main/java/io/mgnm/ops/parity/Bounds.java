package io.mgnm.ops.parity;

/**
 * The bounds of the tolerance rule, all in one place: {@code err(candidate) <= 2 · err(naive) +
 * floor · max |truth|}, where err is the largest absolute error of a tensor and naive is the
 * reference with every stored value rounded to float.
 *
 * @param floor relative to the largest true value
 */
public record Bounds(double floor) {
  /** Eight units in the last place: another order of a few dozen additions. */
  public static final Bounds DEFAULT = new Bounds(8 * 0x1p-23);

  /**
   * For gradients through D^-½ of nearly equal rows: P does not feel a common factor of A, so that
   * part of the gradient is 0 and comes out as the rounding of the far larger terms that cancel.
   */
  public static final Bounds CANCELLING = new Bounds(64 * 0x1p-23);

  /**
   * Softmax of logits of the given size: rounding them, which no order of summing avoids, changes a
   * coupling by that many half units in the last place, and in another order by other ones.
   */
  public static Bounds ofLogits(double size) {
    return new Bounds(DEFAULT.floor + size * 0x1p-24);
  }
}
