package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/**
 * The three products of routing, over the n positions of one lane group: vectors z are {@code
 * [position][d][16]}, numbers c {@code [position][16]}, vectors of the whole sequence v {@code
 * [d][16]}; every argument that follows an array is where its part begins.
 *
 * <p>Each value is one chain of fma in the order of its index, so a lane's result does not depend
 * on the others. Blocks reach over the end by doing the last index again, to the same result.
 */
final class CapsuleSweeps {
  private static final int COMPONENTS = 8;
  private static final int POSITIONS = 4;

  private CapsuleSweeps() {}

  /** v_k = Σ_j c_j z_jk. */
  static void weightedSum(
      float[] c, int cAt, float[] z, int zAt, int n, int d, float[] v, int vAt) {
    for (int k = 0; k < d; k += COMPONENTS) {
      int last = d - 1;
      int k0 = k * LANES;
      int k1 = Math.min(k + 1, last) * LANES;
      int k2 = Math.min(k + 2, last) * LANES;
      int k3 = Math.min(k + 3, last) * LANES;
      int k4 = Math.min(k + 4, last) * LANES;
      int k5 = Math.min(k + 5, last) * LANES;
      int k6 = Math.min(k + 6, last) * LANES;
      int k7 = Math.min(k + 7, last) * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        for (int t = 0; t < n; t++) {
          FloatVector weight = FloatVector.fromArray(FLOATS, c, cAt + t * LANES + p);
          int at = zAt + t * d * LANES + p;
          a0 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k0), a0);
          a1 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k1), a1);
          a2 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k2), a2);
          a3 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k3), a3);
          a4 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k4), a4);
          a5 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k5), a5);
          a6 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k6), a6);
          a7 = weight.fma(FloatVector.fromArray(FLOATS, z, at + k7), a7);
        }
        a0.intoArray(v, vAt + k0 + p);
        a1.intoArray(v, vAt + k1 + p);
        a2.intoArray(v, vAt + k2 + p);
        a3.intoArray(v, vAt + k3 + p);
        a4.intoArray(v, vAt + k4 + p);
        a5.intoArray(v, vAt + k5 + p);
        a6.intoArray(v, vAt + k6 + p);
        a7.intoArray(v, vAt + k7 + p);
      }
    }
  }

  /** c_j = v · z_j. */
  static void dots(float[] v, int vAt, float[] z, int zAt, int n, int d, float[] c, int cAt) {
    int row = d * LANES;
    for (int t = 0; t < n; t += POSITIONS) {
      int last = n - 1;
      int t1 = Math.min(t + 1, last);
      int t2 = Math.min(t + 2, last);
      int t3 = Math.min(t + 3, last);
      for (int p = 0; p < LANES; p += STEP) {
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int z0 = zAt + t * row + p;
        int z1 = zAt + t1 * row + p;
        int z2 = zAt + t2 * row + p;
        int z3 = zAt + t3 * row + p;
        for (int k = 0; k < d; k++) {
          FloatVector component = FloatVector.fromArray(FLOATS, v, vAt + k * LANES + p);
          a0 = component.fma(FloatVector.fromArray(FLOATS, z, z0 + k * LANES), a0);
          a1 = component.fma(FloatVector.fromArray(FLOATS, z, z1 + k * LANES), a1);
          a2 = component.fma(FloatVector.fromArray(FLOATS, z, z2 + k * LANES), a2);
          a3 = component.fma(FloatVector.fromArray(FLOATS, z, z3 + k * LANES), a3);
        }
        a0.intoArray(c, cAt + t * LANES + p);
        a1.intoArray(c, cAt + t1 * LANES + p);
        a2.intoArray(c, cAt + t2 * LANES + p);
        a3.intoArray(c, cAt + t3 * LANES + p);
      }
    }
  }

  /**
   * z_jk = Σ c_j v_k, or z_jk + Σ c_j v_k, over several pairs (c, v).
   *
   * @param fresh whether z is written, not added to
   */
  static void outer(
      OuterTerms terms, int cAt, int vAt, float[] z, int zAt, int n, int d, boolean fresh) {
    for (int t = 0; t < n; t++) {
      int row = zAt + t * d * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        for (int term = 0; term < terms.count(); term++) {
          FloatVector c = FloatVector.fromArray(FLOATS, terms.c(term), cAt + t * LANES + p);
          addRow(c, terms.v(term), vAt + p, z, row + p, d, fresh && term == 0);
        }
      }
    }
  }

  private static void addRow(
      FloatVector c, float[] v, int vAt, float[] z, int zAt, int d, boolean fresh) {
    if (fresh) {
      for (int k = 0; k < d; k++) {
        c.mul(FloatVector.fromArray(FLOATS, v, vAt + k * LANES)).intoArray(z, zAt + k * LANES);
      }
    } else {
      for (int k = 0; k < d; k++) {
        int at = zAt + k * LANES;
        c.fma(
                FloatVector.fromArray(FLOATS, v, vAt + k * LANES),
                FloatVector.fromArray(FLOATS, z, at))
            .intoArray(z, at);
      }
    }
  }

  /** a += b, {@code size} values from the two places on; a multiple of 16. */
  static void add(float[] a, int aAt, float[] b, int bAt, int size) {
    for (int i = 0; i < size; i += STEP) {
      FloatVector.fromArray(FLOATS, a, aAt + i)
          .add(FloatVector.fromArray(FLOATS, b, bAt + i))
          .intoArray(a, aAt + i);
    }
  }
}
