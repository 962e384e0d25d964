package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Couplings of a position sum to one over the interests of a level. Interests lie in neighbouring
 * lanes, perhaps of two groups: 16 positions at a time are brought into {@code [interest][16]}, so
 * that nothing depends on which lanes they had.
 */
final class InterestCouplings implements Couplings {
  private final int interests;
  private final LevelRuns runs = new LevelRuns();
  private final int[] places; // of each interest's first position
  private final float[] staged; // [interest][16 positions]

  InterestCouplings(int interests) {
    this.interests = interests;
    places = new int[interests];
    staged = new float[interests * LANES];
  }

  @Override
  public void softmax(MicroBatch micro, float[] g, float[] c) {
    for (int group = 0; group < micro.groups(); group++) {
      runs.load(micro, group);
      for (int r = 0; r < runs.count(); r++) {
        if (completes(micro, group, r)) {
          for (int t = 0; t < runs.length(r); t += LANES) {
            int positions = Math.min(LANES, runs.length(r) - t);
            read(g, t, positions);
            for (int p = 0; p < LANES; p += STEP) {
              softmax(staged, p, interests);
            }
            write(c, t, positions);
          }
        }
      }
    }
    DeadCells.fill(micro, c, 0, 1, 0);
  }

  private static void softmax(float[] values, int p, int interests) {
    FloatVector largest = FloatVector.fromArray(FLOATS, values, p);
    for (int i = 1; i < interests; i++) {
      FloatVector value = FloatVector.fromArray(FLOATS, values, i * LANES + p);
      largest = largest.blend(value, value.compare(VectorOperators.GT, largest));
    }
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = 0; i < interests; i++) {
      FloatVector value = FloatVector.fromArray(FLOATS, values, i * LANES + p);
      FloatVector e = Couplings.exponential(value.sub(largest));
      e.intoArray(values, i * LANES + p);
      sum = sum.add(e);
    }
    FloatVector inverse = CpuCapsuleSquash.reciprocalOrZero(sum);
    for (int i = 0; i < interests; i++) {
      FloatVector e = FloatVector.fromArray(FLOATS, values, i * LANES + p);
      e.mul(inverse).intoArray(values, i * LANES + p);
    }
  }

  @Override
  public void backward(MicroBatch micro, float[] c, float[] dC, float[] gamma, float[] next) {
    DeadCells.fill(micro, next, 0, 1, 0);
    for (int group = 0; group < micro.groups(); group++) {
      runs.load(micro, group);
      for (int r = 0; r < runs.count(); r++) {
        if (completes(micro, group, r)) {
          for (int t = 0; t < runs.length(r); t++) {
            backward(c, dC, gamma, next, t * LANES);
          }
        }
      }
    }
  }

  private void backward(float[] c, float[] dC, float[] gamma, float[] next, int position) {
    float sum = 0;
    for (int place : places) {
      sum += c[place + position] * dC[place + position];
    }
    for (int place : places) {
      int at = place + position;
      next[at] = gamma[at] + c[at] * (dC[at] - sum);
    }
  }

  /** Notes where a run's interests lie; true where they are the last of their level. */
  private boolean completes(MicroBatch micro, int group, int r) {
    for (int lane = 0; lane < runs.lanes(r); lane++) {
      places[runs.interest(r) + lane] = micro.groupPosition(group) * LANES + runs.lane(r) + lane;
    }
    return runs.interest(r) + runs.lanes(r) == interests;
  }

  private void read(float[] cells, int t, int positions) {
    for (int i = 0; i < interests; i++) {
      for (int j = 0; j < LANES; j++) {
        staged[i * LANES + j] = j < positions ? cells[places[i] + (t + j) * LANES] : 0;
      }
    }
  }

  private void write(float[] cells, int t, int positions) {
    for (int i = 0; i < interests; i++) {
      for (int j = 0; j < positions; j++) {
        cells[places[i] + (t + j) * LANES] = staged[i * LANES + j];
      }
    }
  }
}
