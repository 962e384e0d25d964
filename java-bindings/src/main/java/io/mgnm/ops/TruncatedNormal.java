package io.mgnm.ops;

/**
 * A standard normal number x given |x| < 2, without rescaling, from a random word r: the inverse of
 * the distribution function at u = (r + ½) / 2³² of its range.
 *
 * <pre>
 *   G(x) = Φ(x) − ½;   G(x) = 2·G(2)·(u − ½)
 * </pre>
 *
 * <p>This is the truth, to about 1e-15. A backend may use an approximation in float, within {@code
 * 1e-6} of it; rounded to float, the largest numbers are ±2 themselves.
 */
public final class TruncatedNormal {
  /** The bound of |x|. */
  public static final double BOUND = 2;

  private static final double INVERSE_ROOT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);
  private static final double HALF_MASS = massBelow(BOUND);

  private TruncatedNormal() {}

  /** The number that belongs to a random word, taken as unsigned. */
  public static double of(int word) {
    double centred = (word ^ Integer.MIN_VALUE) + 0.5; // 2³²·(u − ½), exactly
    double mass = 2 * HALF_MASS * Math.abs(centred) * 0x1p-32;
    // Newton's method. G is concave right of 0 and starts below its tangent there, so this starts
    // left of the root and never passes it; what is left after a step dx is below dx².
    double x = mass / INVERSE_ROOT_TWO_PI;
    double step;
    do {
      step = (mass - massBelow(x)) / density(x);
      x += step;
    } while (step > 1e-8);
    return Math.copySign(x, centred);
  }

  /** φ(x). */
  private static double density(double x) {
    return INVERSE_ROOT_TWO_PI * StrictMath.exp(-0.5 * x * x);
  }

  /** G(x) for 0 ≤ x ≤ 2, by φ(x)·(x + x³/3 + x⁵/(3·5) + …): no term is negative. */
  private static double massBelow(double x) {
    double term = x;
    double sum = 0;
    for (int odd = 3; term > sum * 0x1p-56; odd += 2) {
      sum += term;
      term *= x * x / odd;
    }
    return density(x) * sum;
  }
}
