package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.BatchShape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * ḣ = Σ_i ż_i·W_iᵀ and Ẇ_i = Σ hᵀ·ż_i with the vector along {@code in}, not along capsules: ż is
 * read value by value and broadcast, so nothing is summed across lanes and no lane is masked. Each
 * broadcast serves both products; eight rows of h and of ḣ stay in registers.
 *
 * <p>W is packed once a run as {@code [interest][in / 16][out][16]}. Ẇ is collected for a
 * micro-batch in the same order and then added to its slot.
 */
final class ProjectionBackward implements HistoryTask {
  private static final int BLOCK = 8;

  private final int d;
  private final int interests;
  private final int levelsWidth;
  private final int padded; // d, rounded up to whole vectors
  private final CpuTensor levels;
  private final CpuTensor w;
  private final CpuTensor dZ;
  private final CpuTensor dLevels;
  private final CpuTensor dW;
  private final float[] packed;
  private final float[][] collected; // of each worker
  private final float[][] stagedLevels;
  private final float[][] stagedGradients;
  private final LevelRuns[] runs;

  ProjectionBackward(
      BatchShape shape,
      int workers,
      CpuTensor levels,
      CpuTensor w,
      CpuTensor dZ,
      CpuTensor dLevels,
      CpuTensor dW) {
    this.d = shape.d();
    this.interests = shape.interests();
    this.levelsWidth = shape.levels() * d;
    this.padded = (d + LANES - 1) / LANES * LANES;
    this.levels = levels;
    this.w = w;
    this.dZ = dZ;
    this.dLevels = dLevels;
    this.dW = dW;
    packed = new float[Math.multiplyExact(interests * d, padded)];
    collected = new float[workers][packed.length];
    stagedLevels = new float[workers][BLOCK * padded];
    stagedGradients = new float[workers][BLOCK * padded];
    runs = new LevelRuns[workers];
    Arrays.setAll(runs, worker -> new LevelRuns());
  }

  @Override
  public void begin() {
    float[] source = w.array();
    for (int interest = 0; interest < interests; interest++) {
      for (int in = 0; in < d; in++) {
        int row = w.offset() + (interest * d + in) * d;
        int at = interest * d * padded + in / LANES * d * LANES + in % LANES;
        for (int out = 0; out < d; out++) {
          packed[at + out * LANES] = source[row + out];
        }
      }
    }
  }

  @Override
  public void run(MicroBatch micro) {
    LevelRuns own = runs[micro.worker()];
    float[] sum = collected[micro.worker()];
    Arrays.fill(sum, 0);
    for (int g = 0; g < micro.groups(); g++) {
      own.load(micro, g);
      int group = dZ.base(micro) + micro.groupPosition(g) * d * LANES;
      for (int r = 0; r < own.count(); r++) {
        for (int t = 0; t < own.length(r); t += BLOCK) {
          block(micro, own, r, t, group + own.lane(r) + t * d * LANES, sum);
        }
      }
    }
    addToSlot(sum, dW.slot(micro));
  }

  /**
   * Up to eight positions of one run, from {@code t} on. Rows that are not whole vectors go through
   * padded ones: with masks in {@link #eightRows}, C2 gives up and boxes every vector.
   *
   * @param z the first lane of the run in position t
   */
  private void block(MicroBatch micro, LevelRuns from, int r, int t, int z, float[] sum) {
    int rows = Math.min(BLOCK, from.length(r) - t);
    int row = from.row(r, t, levelsWidth, d);
    float[] h = levels.array(micro);
    float[] target = dLevels.array(micro);
    int read = levels.base(micro) + row;
    int write = dLevels.base(micro) + row;
    if (d % STEP == 0) {
      eightRows(micro, from, r, rows, h, read, target, write, levelsWidth, z, sum);
      return;
    }
    float[] paddedH = stagedLevels[micro.worker()];
    float[] paddedTarget = stagedGradients[micro.worker()];
    for (int j = 0; j < rows; j++) {
      System.arraycopy(h, read + j * levelsWidth, paddedH, j * padded, d);
      System.arraycopy(target, write + j * levelsWidth, paddedTarget, j * padded, d);
    }
    eightRows(micro, from, r, rows, paddedH, 0, paddedTarget, 0, padded, z, sum);
    for (int j = 0; j < rows; j++) {
      System.arraycopy(paddedTarget, j * padded, target, write + j * levelsWidth, d);
    }
  }

  /**
   * Both derivatives from up to eight rows, {@code stride} apart. ḣ is written by a level's first
   * interests and added to by those that the next group goes on with.
   */
  private void eightRows(
      MicroBatch micro,
      LevelRuns from,
      int r,
      int rows,
      float[] h,
      int read,
      float[] target,
      int write,
      int stride,
      int z,
      float[] sum) {
    for (int in = 0; in < d; in += STEP) {
      eightRows(
          dZ.array(micro),
          z,
          rows - 1,
          from.lanes(r),
          h,
          read + in,
          target,
          write + in,
          stride,
          from.interest(r) == 0,
          sum,
          from.interest(r) * d * padded + in / LANES * d * LANES + in % LANES);
    }
  }

  private void eightRows(
      float[] gradient,
      int z,
      int last,
      int lanes,
      float[] h,
      int read,
      float[] target,
      int write,
      int stride,
      boolean fresh,
      float[] sum,
      int firstWeight) {
    // Behind the last row its ḣ is computed again, and h is taken as 0 for Ẇ.
    int t0 = Math.min(0, last);
    int t1 = Math.min(1, last);
    int t2 = Math.min(2, last);
    int t3 = Math.min(3, last);
    int t4 = Math.min(4, last);
    int t5 = Math.min(5, last);
    int t6 = Math.min(6, last);
    int t7 = Math.min(7, last);
    FloatVector h0 = row(h, read + 0 * stride, 0 <= last);
    FloatVector h1 = row(h, read + 1 * stride, 1 <= last);
    FloatVector h2 = row(h, read + 2 * stride, 2 <= last);
    FloatVector h3 = row(h, read + 3 * stride, 3 <= last);
    FloatVector h4 = row(h, read + 4 * stride, 4 <= last);
    FloatVector h5 = row(h, read + 5 * stride, 5 <= last);
    FloatVector h6 = row(h, read + 6 * stride, 6 <= last);
    FloatVector h7 = row(h, read + 7 * stride, 7 <= last);
    FloatVector a0 = row(target, write + t0 * stride, !fresh);
    FloatVector a1 = row(target, write + t1 * stride, !fresh);
    FloatVector a2 = row(target, write + t2 * stride, !fresh);
    FloatVector a3 = row(target, write + t3 * stride, !fresh);
    FloatVector a4 = row(target, write + t4 * stride, !fresh);
    FloatVector a5 = row(target, write + t5 * stride, !fresh);
    FloatVector a6 = row(target, write + t6 * stride, !fresh);
    FloatVector a7 = row(target, write + t7 * stride, !fresh);
    for (int lane = 0; lane < lanes; lane++) {
      int weight = firstWeight + lane * d * padded;
      int z0 = z + lane + t0 * d * LANES;
      int z1 = z + lane + t1 * d * LANES;
      int z2 = z + lane + t2 * d * LANES;
      int z3 = z + lane + t3 * d * LANES;
      int z4 = z + lane + t4 * d * LANES;
      int z5 = z + lane + t5 * d * LANES;
      int z6 = z + lane + t6 * d * LANES;
      int z7 = z + lane + t7 * d * LANES;
      for (int out = 0; out < d; out++) {
        int at = out * LANES;
        FloatVector w = FloatVector.fromArray(FLOATS, packed, weight + at);
        FloatVector s = FloatVector.fromArray(FLOATS, sum, weight + at);
        FloatVector g0 = FloatVector.broadcast(FLOATS, gradient[z0 + at]);
        a0 = g0.fma(w, a0);
        s = g0.fma(h0, s);
        FloatVector g1 = FloatVector.broadcast(FLOATS, gradient[z1 + at]);
        a1 = g1.fma(w, a1);
        s = g1.fma(h1, s);
        FloatVector g2 = FloatVector.broadcast(FLOATS, gradient[z2 + at]);
        a2 = g2.fma(w, a2);
        s = g2.fma(h2, s);
        FloatVector g3 = FloatVector.broadcast(FLOATS, gradient[z3 + at]);
        a3 = g3.fma(w, a3);
        s = g3.fma(h3, s);
        FloatVector g4 = FloatVector.broadcast(FLOATS, gradient[z4 + at]);
        a4 = g4.fma(w, a4);
        s = g4.fma(h4, s);
        FloatVector g5 = FloatVector.broadcast(FLOATS, gradient[z5 + at]);
        a5 = g5.fma(w, a5);
        s = g5.fma(h5, s);
        FloatVector g6 = FloatVector.broadcast(FLOATS, gradient[z6 + at]);
        a6 = g6.fma(w, a6);
        s = g6.fma(h6, s);
        FloatVector g7 = FloatVector.broadcast(FLOATS, gradient[z7 + at]);
        a7 = g7.fma(w, a7);
        s = g7.fma(h7, s);
        s.intoArray(sum, weight + at);
      }
    }
    a0.intoArray(target, write + t0 * stride);
    a1.intoArray(target, write + t1 * stride);
    a2.intoArray(target, write + t2 * stride);
    a3.intoArray(target, write + t3 * stride);
    a4.intoArray(target, write + t4 * stride);
    a5.intoArray(target, write + t5 * stride);
    a6.intoArray(target, write + t6 * stride);
    a7.intoArray(target, write + t7 * stride);
  }

  private static FloatVector row(float[] rows, int at, boolean exists) {
    return exists ? FloatVector.fromArray(FLOATS, rows, at) : FloatVector.zero(FLOATS);
  }

  private void addToSlot(float[] sum, float[] slot) {
    for (int interest = 0; interest < interests; interest++) {
      for (int in = 0; in < d; in++) {
        int row = dW.offset() + (interest * d + in) * d;
        int from = interest * d * padded + in / LANES * d * LANES + in % LANES;
        for (int out = 0; out < d; out++) {
          slot[row + out] += sum[from + out * LANES];
        }
      }
    }
  }
}
