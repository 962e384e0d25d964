package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/**
 * Products of values that lie in lanes, {@code [position][component][16]}, with weights that are
 * the same for all lanes, and the gradients of such weights.
 *
 * <p>Every result is one sum, started from what is given and added to in a fixed order by one fma a
 * term; how many sums are kept in registers together changes no bits.
 *
 * <p>The register blocks, and the methods that drive them, are longer than what C2 ever inlines
 * (325 bytes of bytecode). That is needed: C2 takes only so much into one compilation, and what it
 * leaves out hands its vectors over on the heap.
 */
final class LaneProducts {
  private static final int BLOCK = 4; // positions, and outputs, of a register block: 16 sums
  private static final int LONG = 8; // outputs of a block of one position
  private static final int STRIP = 16; // components of x that stay in the first-level cache

  private LaneProducts() {}

  /**
   * {@code y[t][m] = start[t][m] + Σ_k x[t][k] · w[k][m]}; start may be y itself.
   *
   * @param xAt where x of the first position begins, and {@code xStep} how far apart positions are
   * @param wAt where w begins, {@code [in][out]}
   */
  static void multiply(
      float[] start,
      int startAt,
      int startStep,
      float[] x,
      int xAt,
      int xStep,
      float[] w,
      int wAt,
      int in,
      int out,
      float[] y,
      int yAt,
      int yStep,
      int positions) {
    int blocked = out - out % BLOCK;
    int t = 0;
    for (; t + BLOCK <= positions; t += BLOCK) {
      int st = startAt + t * startStep;
      int xt = xAt + t * xStep;
      int yt = yAt + t * yStep;
      for (int m = 0; m < blocked; m += BLOCK) {
        for (int p = 0; p < LANES; p += STEP) {
          int at = m * LANES + p;
          block(
              start, st + at, startStep, x, xt + p, xStep, w, wAt + m, out, in, y, yt + at, yStep);
        }
      }
    }
    for (; t < positions; t++) {
      int st = startAt + t * startStep;
      int xt = xAt + t * xStep;
      int yt = yAt + t * yStep;
      int m = 0;
      for (; m + LONG <= blocked; m += LONG) {
        for (int p = 0; p < LANES; p += STEP) {
          int at = m * LANES + p;
          eight(start, st + at, x, xt + p, w, wAt + m, out, in, y, yt + at);
        }
      }
      for (; m < blocked; m += BLOCK) {
        for (int p = 0; p < LANES; p += STEP) {
          int at = m * LANES + p;
          four(start, st + at, x, xt + p, w, wAt + m, out, in, y, yt + at);
        }
      }
    }
    for (int m = blocked; m < out; m++) {
      for (t = 0; t < positions; t++) {
        for (int p = 0; p < LANES; p += STEP) {
          int from = startAt + t * startStep + m * LANES + p;
          int to = yAt + t * yStep + m * LANES + p;
          single(start, from, x, xAt + t * xStep + p, w, wAt + m, out, in, y, to);
        }
      }
    }
  }

  /** Four positions, four outputs: each weight and each value serves four times. */
  private static void block(
      float[] s,
      int sAt,
      int sStep,
      float[] x,
      int xAt,
      int xStep,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt,
      int yStep) {
    int x1 = xAt + xStep;
    int x2 = xAt + 2 * xStep;
    int x3 = xAt + 3 * xStep;
    int s1 = sAt + sStep;
    int s2 = sAt + 2 * sStep;
    int s3 = sAt + 3 * sStep;
    int y1 = yAt + yStep;
    int y2 = yAt + 2 * yStep;
    int y3 = yAt + 3 * yStep;
    FloatVector a00 = FloatVector.fromArray(FLOATS, s, sAt);
    FloatVector a01 = FloatVector.fromArray(FLOATS, s, sAt + LANES);
    FloatVector a02 = FloatVector.fromArray(FLOATS, s, sAt + 2 * LANES);
    FloatVector a03 = FloatVector.fromArray(FLOATS, s, sAt + 3 * LANES);
    FloatVector a10 = FloatVector.fromArray(FLOATS, s, s1);
    FloatVector a11 = FloatVector.fromArray(FLOATS, s, s1 + LANES);
    FloatVector a12 = FloatVector.fromArray(FLOATS, s, s1 + 2 * LANES);
    FloatVector a13 = FloatVector.fromArray(FLOATS, s, s1 + 3 * LANES);
    FloatVector a20 = FloatVector.fromArray(FLOATS, s, s2);
    FloatVector a21 = FloatVector.fromArray(FLOATS, s, s2 + LANES);
    FloatVector a22 = FloatVector.fromArray(FLOATS, s, s2 + 2 * LANES);
    FloatVector a23 = FloatVector.fromArray(FLOATS, s, s2 + 3 * LANES);
    FloatVector a30 = FloatVector.fromArray(FLOATS, s, s3);
    FloatVector a31 = FloatVector.fromArray(FLOATS, s, s3 + LANES);
    FloatVector a32 = FloatVector.fromArray(FLOATS, s, s3 + 2 * LANES);
    FloatVector a33 = FloatVector.fromArray(FLOATS, s, s3 + 3 * LANES);
    for (int k = 0; k < in; k++) {
      FloatVector v0 = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      FloatVector v1 = FloatVector.fromArray(FLOATS, x, x1 + k * LANES);
      FloatVector v2 = FloatVector.fromArray(FLOATS, x, x2 + k * LANES);
      FloatVector v3 = FloatVector.fromArray(FLOATS, x, x3 + k * LANES);
      int wk = wAt + k * wStep;
      FloatVector w0 = FloatVector.broadcast(FLOATS, w[wk]);
      a00 = v0.fma(w0, a00);
      a10 = v1.fma(w0, a10);
      a20 = v2.fma(w0, a20);
      a30 = v3.fma(w0, a30);
      FloatVector w1 = FloatVector.broadcast(FLOATS, w[wk + 1]);
      a01 = v0.fma(w1, a01);
      a11 = v1.fma(w1, a11);
      a21 = v2.fma(w1, a21);
      a31 = v3.fma(w1, a31);
      FloatVector w2 = FloatVector.broadcast(FLOATS, w[wk + 2]);
      a02 = v0.fma(w2, a02);
      a12 = v1.fma(w2, a12);
      a22 = v2.fma(w2, a22);
      a32 = v3.fma(w2, a32);
      FloatVector w3 = FloatVector.broadcast(FLOATS, w[wk + 3]);
      a03 = v0.fma(w3, a03);
      a13 = v1.fma(w3, a13);
      a23 = v2.fma(w3, a23);
      a33 = v3.fma(w3, a33);
    }
    a00.intoArray(y, yAt);
    a01.intoArray(y, yAt + LANES);
    a02.intoArray(y, yAt + 2 * LANES);
    a03.intoArray(y, yAt + 3 * LANES);
    a10.intoArray(y, y1);
    a11.intoArray(y, y1 + LANES);
    a12.intoArray(y, y1 + 2 * LANES);
    a13.intoArray(y, y1 + 3 * LANES);
    a20.intoArray(y, y2);
    a21.intoArray(y, y2 + LANES);
    a22.intoArray(y, y2 + 2 * LANES);
    a23.intoArray(y, y2 + 3 * LANES);
    a30.intoArray(y, y3);
    a31.intoArray(y, y3 + LANES);
    a32.intoArray(y, y3 + 2 * LANES);
    a33.intoArray(y, y3 + 3 * LANES);
  }

  /** One position, eight outputs: as many chains as hide the latency of fma. */
  private static void eight(
      float[] s,
      int sAt,
      float[] x,
      int xAt,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, s, sAt);
    FloatVector a1 = FloatVector.fromArray(FLOATS, s, sAt + LANES);
    FloatVector a2 = FloatVector.fromArray(FLOATS, s, sAt + 2 * LANES);
    FloatVector a3 = FloatVector.fromArray(FLOATS, s, sAt + 3 * LANES);
    FloatVector a4 = FloatVector.fromArray(FLOATS, s, sAt + 4 * LANES);
    FloatVector a5 = FloatVector.fromArray(FLOATS, s, sAt + 5 * LANES);
    FloatVector a6 = FloatVector.fromArray(FLOATS, s, sAt + 6 * LANES);
    FloatVector a7 = FloatVector.fromArray(FLOATS, s, sAt + 7 * LANES);
    for (int k = 0; k < in; k++) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      int wk = wAt + k * wStep;
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      a4 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 4]), a4);
      a5 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 5]), a5);
      a6 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 6]), a6);
      a7 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 7]), a7);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LANES);
    a2.intoArray(y, yAt + 2 * LANES);
    a3.intoArray(y, yAt + 3 * LANES);
    a4.intoArray(y, yAt + 4 * LANES);
    a5.intoArray(y, yAt + 5 * LANES);
    a6.intoArray(y, yAt + 6 * LANES);
    a7.intoArray(y, yAt + 7 * LANES);
  }

  private static void four(
      float[] s,
      int sAt,
      float[] x,
      int xAt,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, s, sAt);
    FloatVector a1 = FloatVector.fromArray(FLOATS, s, sAt + LANES);
    FloatVector a2 = FloatVector.fromArray(FLOATS, s, sAt + 2 * LANES);
    FloatVector a3 = FloatVector.fromArray(FLOATS, s, sAt + 3 * LANES);
    int wk = wAt;
    int k = 0;
    for (; k + 2 <= in; k += 2) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      wk += wStep;
      FloatVector next = FloatVector.fromArray(FLOATS, x, xAt + (k + 1) * LANES);
      a0 = next.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = next.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = next.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = next.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
      wk += wStep;
    }
    if (k < in) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + k * LANES);
      a0 = v.fma(FloatVector.broadcast(FLOATS, w[wk]), a0);
      a1 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 1]), a1);
      a2 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 2]), a2);
      a3 = v.fma(FloatVector.broadcast(FLOATS, w[wk + 3]), a3);
    }
    a0.intoArray(y, yAt);
    a1.intoArray(y, yAt + LANES);
    a2.intoArray(y, yAt + 2 * LANES);
    a3.intoArray(y, yAt + 3 * LANES);
  }

  private static void single(
      float[] s,
      int sAt,
      float[] x,
      int xAt,
      float[] w,
      int wAt,
      int wStep,
      int in,
      float[] y,
      int yAt) {
    FloatVector a = FloatVector.fromArray(FLOATS, s, sAt);
    for (int k = 0; k < in; k++) {
      a =
          FloatVector.fromArray(FLOATS, x, xAt + k * LANES)
              .fma(FloatVector.broadcast(FLOATS, w[wAt + k * wStep]), a);
    }
    a.intoArray(y, yAt);
  }

  /** {@code result[m][k] = w[k][m]}: the weights of {@link #multiply} the other way round. */
  static void transpose(float[] w, int wAt, int in, int out, float[] result, int resultAt) {
    for (int k = 0; k < in; k++) {
      for (int m = 0; m < out; m++) {
        result[resultAt + m * in + k] = w[wAt + k * out + m];
      }
    }
  }

  /**
   * {@code sums[k][m] += Σ_t x[t][k] · g[t][m]}, lane by lane: the gradient of w in {@link
   * #multiply}, before its lanes are added up by {@link LaneSums}.
   */
  static void outer(
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
    int outBlocked = out - out % BLOCK;
    int inBlocked = in - in % BLOCK;
    for (int strip = 0; strip < inBlocked; strip += STRIP) {
      int stripEnd = Math.min(strip + STRIP, inBlocked);
      for (int m = 0; m < outBlocked; m += BLOCK) {
        for (int k = strip; k < stripEnd; k += BLOCK) {
          for (int p = 0; p < LANES; p += STEP) {
            outerBlock(
                x,
                xAt + k * LANES + p,
                xStep,
                g,
                gAt + m * LANES + p,
                gStep,
                positions,
                sums,
                sumsAt + (k * out + m) * LANES + p,
                out * LANES);
          }
        }
      }
    }
    for (int m = 0; m < outBlocked; m += BLOCK) {
      int gm = gAt + m * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        for (int k = inBlocked; k < in; k++) {
          outerFour(
              x,
              xAt + k * LANES + p,
              xStep,
              g,
              gm + p,
              gStep,
              positions,
              sums,
              sumsAt + (k * out + m) * LANES + p);
        }
      }
    }
    for (int m = outBlocked; m < out; m++) {
      for (int k = 0; k < in; k++) {
        for (int p = 0; p < LANES; p += STEP) {
          int at = sumsAt + (k * out + m) * LANES + p;
          outerSingle(
              x, xAt + k * LANES + p, xStep, g, gAt + m * LANES + p, gStep, positions, sums, at);
        }
      }
    }
  }

  private static void outerSingle(
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

  private static void outerBlock(
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

  private static void outerFour(
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
