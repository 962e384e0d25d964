package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/**
 * Sums of outer products lane by lane, {@code sums[k][m] += Σ_t x[t][k] · g[t][m]}, as attention
 * takes them: every lane has products of its own. Each sum is one chain in the order of t.
 */
final class LaneOuter {
  private static final int BLOCK = 4;

  private LaneOuter() {}

  /**
   * Adds to {@code [in][out]} sums, 16 lanes each.
   *
   * @param xAt where x of the first position begins, and {@code xStep} how far apart positions are
   */
  static void add(
      float[] x,
      int xAt,
      int xStep,
      int in,
      float[] g,
      int gAt,
      int gStep,
      int out,
      int positions,
      float[] sums,
      int sumsAt) {
    int inBlocked = in - in % BLOCK;
    int outBlocked = out - out % BLOCK;
    int row = out * LANES;
    for (int m = 0; m < out; m += m < outBlocked ? BLOCK : 1) {
      for (int p = 0; p < LANES; p += STEP) {
        int gm = gAt + m * LANES + p;
        int xp = xAt + p;
        int at = sumsAt + m * LANES + p;
        int k = 0;
        for (; m < outBlocked && k < inBlocked; k += BLOCK) {
          int xk = xp + k * LANES;
          block(x, xk, xStep, g, gm, gStep, positions, sums, at + k * row, row);
        }
        for (; k < in; k++) {
          if (m < outBlocked) {
            four(x, xp + k * LANES, xStep, g, gm, gStep, positions, sums, at + k * row);
          } else {
            single(x, xp + k * LANES, xStep, g, gm, gStep, positions, sums, at + k * row);
          }
        }
      }
    }
  }

  private static void single(
      float[] x,
      int xAt,
      int xStep,
      float[] g,
      int gAt,
      int gStep,
      int positions,
      float[] sums,
      int at) {
    FloatVector a = FloatVector.fromArray(FLOATS, sums, at);
    for (int t = 0; t < positions; t++) {
      a =
          FloatVector.fromArray(FLOATS, x, xAt + t * xStep)
              .fma(FloatVector.fromArray(FLOATS, g, gAt + t * gStep), a);
    }
    a.intoArray(sums, at);
  }

  private static void block(
      float[] x,
      int xAt,
      int xStep,
      float[] g,
      int gAt,
      int gStep,
      int positions,
      float[] sums,
      int s0,
      int sumsStep) {
    int s1 = s0 + sumsStep;
    int s2 = s0 + 2 * sumsStep;
    int s3 = s0 + 3 * sumsStep;
    FloatVector a00 = FloatVector.fromArray(FLOATS, sums, s0);
    FloatVector a01 = FloatVector.fromArray(FLOATS, sums, s0 + LANES);
    FloatVector a02 = FloatVector.fromArray(FLOATS, sums, s0 + 2 * LANES);
    FloatVector a03 = FloatVector.fromArray(FLOATS, sums, s0 + 3 * LANES);
    FloatVector a10 = FloatVector.fromArray(FLOATS, sums, s1);
    FloatVector a11 = FloatVector.fromArray(FLOATS, sums, s1 + LANES);
    FloatVector a12 = FloatVector.fromArray(FLOATS, sums, s1 + 2 * LANES);
    FloatVector a13 = FloatVector.fromArray(FLOATS, sums, s1 + 3 * LANES);
    FloatVector a20 = FloatVector.fromArray(FLOATS, sums, s2);
    FloatVector a21 = FloatVector.fromArray(FLOATS, sums, s2 + LANES);
    FloatVector a22 = FloatVector.fromArray(FLOATS, sums, s2 + 2 * LANES);
    FloatVector a23 = FloatVector.fromArray(FLOATS, sums, s2 + 3 * LANES);
    FloatVector a30 = FloatVector.fromArray(FLOATS, sums, s3);
    FloatVector a31 = FloatVector.fromArray(FLOATS, sums, s3 + LANES);
    FloatVector a32 = FloatVector.fromArray(FLOATS, sums, s3 + 2 * LANES);
    FloatVector a33 = FloatVector.fromArray(FLOATS, sums, s3 + 3 * LANES);
    for (int t = 0; t < positions; t++) {
      int xt = xAt + t * xStep;
      int gt = gAt + t * gStep;
      FloatVector g0 = FloatVector.fromArray(FLOATS, g, gt);
      FloatVector g1 = FloatVector.fromArray(FLOATS, g, gt + LANES);
      FloatVector g2 = FloatVector.fromArray(FLOATS, g, gt + 2 * LANES);
      FloatVector g3 = FloatVector.fromArray(FLOATS, g, gt + 3 * LANES);
      FloatVector v0 = FloatVector.fromArray(FLOATS, x, xt);
      a00 = v0.fma(g0, a00);
      a01 = v0.fma(g1, a01);
      a02 = v0.fma(g2, a02);
      a03 = v0.fma(g3, a03);
      FloatVector v1 = FloatVector.fromArray(FLOATS, x, xt + LANES);
      a10 = v1.fma(g0, a10);
      a11 = v1.fma(g1, a11);
      a12 = v1.fma(g2, a12);
      a13 = v1.fma(g3, a13);
      FloatVector v2 = FloatVector.fromArray(FLOATS, x, xt + 2 * LANES);
      a20 = v2.fma(g0, a20);
      a21 = v2.fma(g1, a21);
      a22 = v2.fma(g2, a22);
      a23 = v2.fma(g3, a23);
      FloatVector v3 = FloatVector.fromArray(FLOATS, x, xt + 3 * LANES);
      a30 = v3.fma(g0, a30);
      a31 = v3.fma(g1, a31);
      a32 = v3.fma(g2, a32);
      a33 = v3.fma(g3, a33);
    }
    a00.intoArray(sums, s0);
    a01.intoArray(sums, s0 + LANES);
    a02.intoArray(sums, s0 + 2 * LANES);
    a03.intoArray(sums, s0 + 3 * LANES);
    a10.intoArray(sums, s1);
    a11.intoArray(sums, s1 + LANES);
    a12.intoArray(sums, s1 + 2 * LANES);
    a13.intoArray(sums, s1 + 3 * LANES);
    a20.intoArray(sums, s2);
    a21.intoArray(sums, s2 + LANES);
    a22.intoArray(sums, s2 + 2 * LANES);
    a23.intoArray(sums, s2 + 3 * LANES);
    a30.intoArray(sums, s3);
    a31.intoArray(sums, s3 + LANES);
    a32.intoArray(sums, s3 + 2 * LANES);
    a33.intoArray(sums, s3 + 3 * LANES);
  }

  private static void four(
      float[] x,
      int xAt,
      int xStep,
      float[] g,
      int gAt,
      int gStep,
      int positions,
      float[] sums,
      int at) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, sums, at);
    FloatVector a1 = FloatVector.fromArray(FLOATS, sums, at + LANES);
    FloatVector a2 = FloatVector.fromArray(FLOATS, sums, at + 2 * LANES);
    FloatVector a3 = FloatVector.fromArray(FLOATS, sums, at + 3 * LANES);
    int xt = xAt;
    int gt = gAt;
    int t = 0;
    for (; t + 2 <= positions; t += 2) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xt);
      a0 = v.fma(FloatVector.fromArray(FLOATS, g, gt), a0);
      a1 = v.fma(FloatVector.fromArray(FLOATS, g, gt + LANES), a1);
      a2 = v.fma(FloatVector.fromArray(FLOATS, g, gt + 2 * LANES), a2);
      a3 = v.fma(FloatVector.fromArray(FLOATS, g, gt + 3 * LANES), a3);
      xt += xStep;
      gt += gStep;
      FloatVector next = FloatVector.fromArray(FLOATS, x, xt);
      a0 = next.fma(FloatVector.fromArray(FLOATS, g, gt), a0);
      a1 = next.fma(FloatVector.fromArray(FLOATS, g, gt + LANES), a1);
      a2 = next.fma(FloatVector.fromArray(FLOATS, g, gt + 2 * LANES), a2);
      a3 = next.fma(FloatVector.fromArray(FLOATS, g, gt + 3 * LANES), a3);
      xt += xStep;
      gt += gStep;
    }
    if (t < positions) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xt);
      a0 = v.fma(FloatVector.fromArray(FLOATS, g, gt), a0);
      a1 = v.fma(FloatVector.fromArray(FLOATS, g, gt + LANES), a1);
      a2 = v.fma(FloatVector.fromArray(FLOATS, g, gt + 2 * LANES), a2);
      a3 = v.fma(FloatVector.fromArray(FLOATS, g, gt + 3 * LANES), a3);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + LANES);
    a2.intoArray(sums, at + 2 * LANES);
    a3.intoArray(sums, at + 3 * LANES);
  }
}
