package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.BatchShape;
import java.math.BigInteger;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * z = h·W with a lane a capsule: W differs from lane to lane, and a row of a level is needed in all
 * lanes of its interests.
 *
 * <p>W is packed once a run as {@code [variant][out / 4][in][4][16]}. The interest of lane l in
 * group g is (16 g + l) mod K, so there are K / gcd(K, 16) variants. Four rows at a time are spread
 * into lanes, and a block of 4 positions × 4 outputs stays in registers while {@code in} runs.
 */
final class ProjectionForward implements HistoryTask {
  private static final int OUTS = 4;
  private static final int TIMES = 4;

  private final int d;
  private final int interests;
  private final int levelsWidth;
  private final int variantStep;
  private final int variants;
  private final int blockSize;
  private final int outBlocks;
  private final CpuTensor levels;
  private final CpuTensor w;
  private final CpuTensor z;
  private final float[] packed;
  private final float[][] rows; // of each worker: [4][d][16]
  private final LevelRuns[] runs;

  ProjectionForward(BatchShape shape, int workers, CpuTensor levels, CpuTensor w, CpuTensor z) {
    this.d = shape.d();
    this.interests = shape.interests();
    this.levelsWidth = shape.levels() * d;
    this.levels = levels;
    this.w = w;
    this.z = z;
    variantStep = BigInteger.valueOf(interests).gcd(BigInteger.valueOf(LANES)).intValue();
    variants = interests / variantStep;
    outBlocks = (d + OUTS - 1) / OUTS;
    blockSize = d * OUTS * LANES;
    packed = new float[Math.multiplyExact(variants * outBlocks, blockSize)];
    rows = new float[workers][TIMES * d * LANES];
    runs = new LevelRuns[workers];
    Arrays.setAll(runs, worker -> new LevelRuns());
  }

  @Override
  public void begin() {
    float[] source = w.array();
    for (int variant = 0; variant < variants; variant++) {
      for (int out = 0; out < d; out++) {
        for (int in = 0; in < d; in++) {
          int block = (variant * outBlocks + out / OUTS) * blockSize;
          int at = block + (in * OUTS + out % OUTS) * LANES;
          for (int lane = 0; lane < LANES; lane++) {
            int interest = (variant * variantStep + lane) % interests;
            packed[at + lane] = source[w.offset() + (interest * d + in) * d + out];
          }
        }
      }
    }
  }

  @Override
  public void run(MicroBatch micro) {
    float[] h = levels.array(micro);
    float[] target = z.array(micro);
    float[] spread = rows[micro.worker()];
    LevelRuns own = runs[micro.worker()];
    for (int g = 0; g < micro.groups(); g++) {
      own.load(micro, g);
      int variant = g * LANES % interests / variantStep * outBlocks * blockSize;
      int group = z.base(micro) + micro.groupPosition(g) * d * LANES;
      int last = micro.groupLength(g) - 1;
      for (int t = 0; t <= last; t += TIMES) {
        // Behind the last position it is done again: the same values go to the same place.
        int t1 = Math.min(t + 1, last);
        int t2 = Math.min(t + 2, last);
        int t3 = Math.min(t + 3, last);
        int row = d * LANES;
        spread(own, h, levels.base(micro), t, spread, 0);
        spread(own, h, levels.base(micro), t1, spread, row);
        spread(own, h, levels.base(micro), t2, spread, 2 * row);
        spread(own, h, levels.base(micro), t3, spread, 3 * row);
        for (int block = 0; block < outBlocks; block++) {
          int at = group + block * OUTS * LANES;
          int outs = Math.min(OUTS, d - block * OUTS);
          multiply(
              packed,
              variant + block * blockSize,
              spread,
              d,
              target,
              outs,
              at + t * row,
              at + t1 * row,
              at + t2 * row,
              at + t3 * row);
        }
      }
    }
  }

  /** Row t of every lane's level, {@code [d][16]}, zero in lanes that have ended. */
  private void spread(LevelRuns from, float[] h, int base, int t, float[] target, int at) {
    for (int r = 0; r < from.count(); r += 4) {
      for (int p = 0; p < LANES; p += STEP) {
        fourRuns(
            h,
            base + from.row(r, t, levelsWidth, d),
            base + from.row(r + 1, t, levelsWidth, d),
            base + from.row(r + 2, t, levelsWidth, d),
            base + from.row(r + 3, t, levelsWidth, d),
            from.live(r, t) >>> p,
            from.live(r + 1, t) >>> p,
            from.live(r + 2, t) >>> p,
            from.live(r + 3, t) >>> p,
            d,
            r == 0,
            target,
            at + p);
      }
    }
  }

  /** Puts each value of four rows into the lanes of that row's mask. */
  private static void fourRuns(
      float[] h,
      int row0,
      int row1,
      int row2,
      int row3,
      long lanes0,
      long lanes1,
      long lanes2,
      long lanes3,
      int d,
      boolean first,
      float[] target,
      int at) {
    VectorMask<Float> m0 = VectorMask.fromLong(FLOATS, lanes0);
    VectorMask<Float> m1 = VectorMask.fromLong(FLOATS, lanes1);
    VectorMask<Float> m2 = VectorMask.fromLong(FLOATS, lanes2);
    VectorMask<Float> m3 = VectorMask.fromLong(FLOATS, lanes3);
    for (int k = 0; k < d; k++) {
      FloatVector v =
          first ? FloatVector.zero(FLOATS) : FloatVector.fromArray(FLOATS, target, at + k * LANES);
      v = v.blend(FloatVector.broadcast(FLOATS, h[row0 + k]), m0);
      v = v.blend(FloatVector.broadcast(FLOATS, h[row1 + k]), m1);
      v = v.blend(FloatVector.broadcast(FLOATS, h[row2 + k]), m2);
      v = v.blend(FloatVector.broadcast(FLOATS, h[row3 + k]), m3);
      v.intoArray(target, at + k * LANES);
    }
  }

  /** Four outputs at four positions. */
  private static void multiply(
      float[] w,
      int block,
      float[] rows,
      int d,
      float[] z,
      int outs,
      int z0,
      int z1,
      int z2,
      int z3) {
    int row = d * LANES;
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector a0 = FloatVector.zero(FLOATS);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector b0 = a0;
      FloatVector b1 = a0;
      FloatVector b2 = a0;
      FloatVector b3 = a0;
      FloatVector c0 = a0;
      FloatVector c1 = a0;
      FloatVector c2 = a0;
      FloatVector c3 = a0;
      FloatVector e0 = a0;
      FloatVector e1 = a0;
      FloatVector e2 = a0;
      FloatVector e3 = a0;
      for (int in = 0; in < d; in++) {
        int at = block + in * OUTS * LANES + p;
        FloatVector w0 = FloatVector.fromArray(FLOATS, w, at);
        FloatVector w1 = FloatVector.fromArray(FLOATS, w, at + LANES);
        FloatVector w2 = FloatVector.fromArray(FLOATS, w, at + 2 * LANES);
        FloatVector w3 = FloatVector.fromArray(FLOATS, w, at + 3 * LANES);
        int from = in * LANES + p;
        FloatVector h = FloatVector.fromArray(FLOATS, rows, from);
        a0 = h.fma(w0, a0);
        a1 = h.fma(w1, a1);
        a2 = h.fma(w2, a2);
        a3 = h.fma(w3, a3);
        h = FloatVector.fromArray(FLOATS, rows, from + row);
        b0 = h.fma(w0, b0);
        b1 = h.fma(w1, b1);
        b2 = h.fma(w2, b2);
        b3 = h.fma(w3, b3);
        h = FloatVector.fromArray(FLOATS, rows, from + 2 * row);
        c0 = h.fma(w0, c0);
        c1 = h.fma(w1, c1);
        c2 = h.fma(w2, c2);
        c3 = h.fma(w3, c3);
        h = FloatVector.fromArray(FLOATS, rows, from + 3 * row);
        e0 = h.fma(w0, e0);
        e1 = h.fma(w1, e1);
        e2 = h.fma(w2, e2);
        e3 = h.fma(w3, e3);
      }
      store(a0, a1, a2, a3, outs, z, z0 + p);
      store(b0, b1, b2, b3, outs, z, z1 + p);
      store(c0, c1, c2, c3, outs, z, z2 + p);
      store(e0, e1, e2, e3, outs, z, z3 + p);
    }
  }

  private static void store(
      FloatVector v0, FloatVector v1, FloatVector v2, FloatVector v3, int outs, float[] z, int at) {
    v0.intoArray(z, at);
    if (outs > 1) {
      v1.intoArray(z, at + LANES);
    }
    if (outs > 2) {
      v2.intoArray(z, at + 2 * LANES);
    }
    if (outs > 3) {
      v3.intoArray(z, at + 3 * LANES);
    }
  }
}
