package io.mgnm.ops.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The virtual width: 16 lanes, made of one or more vectors of the processor's own width.
 *
 * <p>Loops over lanes read {@code for (int p = 0; p < LANES; p += STEP)}; with 512-bit vectors that
 * is one round. A fixed 512-bit species would be emulated, lane by lane, on smaller processors.
 */
final class Lanes {
  static final int LANES = 16;

  /** The species of every float vector in this package. */
  static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.length() > LANES
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  /** Lanes of one vector. */
  static final int STEP = FLOATS.length();

  private Lanes() {}

  /** The sum of 16 values, in the one order that every processor uses. */
  static float sum(float[] a, int i) {
    float s0 = (a[i] + a[i + 8]) + (a[i + 4] + a[i + 12]);
    float s1 = (a[i + 1] + a[i + 9]) + (a[i + 5] + a[i + 13]);
    float s2 = (a[i + 2] + a[i + 10]) + (a[i + 6] + a[i + 14]);
    float s3 = (a[i + 3] + a[i + 11]) + (a[i + 7] + a[i + 15]);
    return (s0 + s2) + (s1 + s3);
  }
}
