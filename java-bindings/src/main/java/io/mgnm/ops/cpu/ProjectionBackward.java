package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.BatchShape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * ḣ = Σ_i ż_i·W_iᵀ and Ẇ_i = Σ hᵀ·ż_i with the vector along {@code in}, not along capsules: ż is
 * read value by value and broadcast, so nothing is summed across lanes and no lane is masked. Each
 * broadcast serves both products; eight rows of h and of ḣ stay in registers.
 *
 * <p>W is packed once a run as {@code [interest][in / 16][out][16]}. Ẇ is collected for a
 * micro-batch in the same order and then added to its slot.
 */
final class ProjectionBackward implements HistoryTask {
  private static final int BLOCK = 4;

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
          for (int in = 0; in < d; in += STEP) {
            fourRows(micro, own, r, t, in, group + own.lane(r), sum);
          }
        }
      }
    }
    addToSlot(sum, dW.slot(micro));
  }

  /**
   * Both derivatives from four positions of one run. ḣ is written by a level's first interests and
   * added to by those that the next group goes on with.
   *
   * @param z the first lane of the run in position 0 of the group
   */
  private void fourRows(
      MicroBatch micro, LevelRuns from, int r, int first, int in, int z, float[] sum) {
    float[] gradient = dZ.array(micro);
    float[] target = dLevels.array(micro);
    float[] h = levels.array(micro);
    VectorMask<Float> inside = FLOATS.indexInRange(in, d);
    // Behind the last position its ḣ is computed again, and h is taken as 0 for Ẇ.
    int last = from.length(r) - 1;
    int t0 = Math.min(first + 0, last);
    int t1 = Math.min(first + 1, last);
    int t2 = Math.min(first + 2, last);
    int t3 = Math.min(first + 3, last);
    int row = from.row(r, 0, levelsWidth, d) + in;
    int read = levels.base(micro) + row;
    FloatVector h0 = row(h, read, first + 0, last, inside);
    FloatVector h1 = row(h, read, first + 1, last, inside);
    FloatVector h2 = row(h, read, first + 2, last, inside);
    FloatVector h3 = row(h, read, first + 3, last, inside);
    int write = dLevels.base(micro) + row;
    boolean fresh = from.interest(r) == 0;
    FloatVector a0 = start(target, write + t0 * levelsWidth, inside, fresh);
    FloatVector a1 = start(target, write + t1 * levelsWidth, inside, fresh);
    FloatVector a2 = start(target, write + t2 * levelsWidth, inside, fresh);
    FloatVector a3 = start(target, write + t3 * levelsWidth, inside, fresh);
    int vector = in / LANES * d * LANES + in % LANES;
    for (int lane = 0; lane < from.lanes(r); lane++) {
      int weight = (from.interest(r) + lane) * d * padded + vector;
      int z0 = z + lane + t0 * d * LANES;
      int z1 = z + lane + t1 * d * LANES;
      int z2 = z + lane + t2 * d * LANES;
      int z3 = z + lane + t3 * d * LANES;
      for (int out = 0; out < d; out++) {
        int at = out * LANES;
        FloatVector w = FloatVector.fromArray(FLOATS, packed, weight + at);
        FloatVector s = FloatVector.fromArray(FLOATS, sum, weight + at);
        FloatVector g0 = broadcast(gradient[z0 + at]);
        a0 = g0.fma(w, a0);
        s = g0.fma(h0, s);
        FloatVector g1 = broadcast(gradient[z1 + at]);
        a1 = g1.fma(w, a1);
        s = g1.fma(h1, s);
        FloatVector g2 = broadcast(gradient[z2 + at]);
        a2 = g2.fma(w, a2);
        s = g2.fma(h2, s);
        FloatVector g3 = broadcast(gradient[z3 + at]);
        a3 = g3.fma(w, a3);
        s = g3.fma(h3, s);
        s.intoArray(sum, weight + at);
      }
    }
    a0.intoArray(target, write + t0 * levelsWidth, inside);
    a1.intoArray(target, write + t1 * levelsWidth, inside);
    a2.intoArray(target, write + t2 * levelsWidth, inside);
    a3.intoArray(target, write + t3 * levelsWidth, inside);
  }

  private FloatVector row(float[] h, int at, int t, int last, VectorMask<Float> inside) {
    return t <= last
        ? FloatVector.fromArray(FLOATS, h, at + t * levelsWidth, inside)
        : FloatVector.zero(FLOATS);
  }

  private static FloatVector start(
      float[] target, int at, VectorMask<Float> inside, boolean fresh) {
    return fresh ? FloatVector.zero(FLOATS) : FloatVector.fromArray(FLOATS, target, at, inside);
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

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }
}
