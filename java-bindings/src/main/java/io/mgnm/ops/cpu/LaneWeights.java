package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

/**
 * Where the matrices of the interests stand when capsules lie in lanes: every lane needs the matrix
 * of its own interest, so a packed row holds 16 values, {@code [variant][in][out][16]}.
 *
 * <p>Lane l of group g is interest {@code (16·g + l) mod K}, since K divides the capsules of a
 * history. So the pattern repeats after {@code K / gcd(K, 16)} groups, its variants: one where K
 * divides 16. Plain matrices are {@code [interest][in][out]}.
 */
final class LaneWeights {
  private final int cells; // in · out
  private final int variants;
  private final int[] matrix; // of each variant and lane: where its interest's matrix begins

  LaneWeights(int interests, int in, int out) {
    cells = Math.multiplyExact(in, out);
    variants = interests / gcd(interests, LANES);
    matrix = new int[variants * LANES];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] = Math.multiplyExact(i % interests, cells);
    }
  }

  /** Values of the packed form. */
  int size() {
    return Math.multiplyExact(variants * LANES, cells);
  }

  /** Where the matrices of lane group {@code g} begin in the packed form. */
  int offset(int g) {
    return g % variants * cells * LANES;
  }

  /** Writes the packed form of the matrices that begin at {@code weights[offset]}. */
  void pack(float[] weights, int offset, float[] packed) {
    for (int v = 0; v < variants; v++) {
      for (int cell = 0; cell < cells; cell++) {
        int to = (v * cells + cell) * LANES;
        for (int lane = 0; lane < LANES; lane++) {
          packed[to + lane] = weights[offset + matrix[v * LANES + lane] + cell];
        }
      }
    }
  }

  /**
   * Adds a packed gradient to the plain one that begins at {@code gradient[offset]}, lane after
   * lane. A lane without a sequence counts like any other: its values must be 0.
   */
  void unpackAdd(float[] packed, float[] gradient, int offset) {
    for (int v = 0; v < variants; v++) {
      for (int cell = 0; cell < cells; cell++) {
        int from = (v * cells + cell) * LANES;
        for (int lane = 0; lane < LANES; lane++) {
          gradient[offset + matrix[v * LANES + lane] + cell] += packed[from + lane];
        }
      }
    }
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
