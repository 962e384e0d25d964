package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Couplings of a capsule sum to one over its positions: every lane for itself. */
final class PositionCouplings implements Couplings {

  @Override
  public void softmax(MicroBatch micro, float[] g, float[] c) {
    for (int group = 0; group < micro.groups(); group++) {
      for (int p = 0; p < LANES; p += STEP) {
        exponentials(g, c, first(micro, group) + p, end(micro, group));
      }
    }
    DeadCells.fill(micro, c, 0, 1, 0);
    for (int group = 0; group < micro.groups(); group++) {
      for (int p = 0; p < LANES; p += STEP) {
        normalise(c, first(micro, group) + p, end(micro, group));
      }
    }
  }

  private static void exponentials(float[] g, float[] c, int from, int end) {
    FloatVector largest = FloatVector.broadcast(FLOATS, -Float.MAX_VALUE);
    for (int at = from; at < end; at += LANES) {
      FloatVector value = FloatVector.fromArray(FLOATS, g, at);
      largest = largest.blend(value, value.compare(VectorOperators.GT, largest));
    }
    for (int at = from; at < end; at += LANES) {
      Couplings.exponential(FloatVector.fromArray(FLOATS, g, at).sub(largest)).intoArray(c, at);
    }
  }

  private static void normalise(float[] c, int from, int end) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int at = from; at < end; at += LANES) {
      sum = sum.add(FloatVector.fromArray(FLOATS, c, at));
    }
    FloatVector inverse = CpuCapsuleSquash.reciprocalOrZero(sum); // 0 in a lane without sequence
    for (int at = from; at < end; at += LANES) {
      FloatVector.fromArray(FLOATS, c, at).mul(inverse).intoArray(c, at);
    }
  }

  @Override
  public void backward(MicroBatch micro, float[] c, float[] dC, float[] gamma, float[] next) {
    for (int group = 0; group < micro.groups(); group++) {
      for (int p = 0; p < LANES; p += STEP) {
        backward(c, dC, gamma, next, first(micro, group) + p, end(micro, group));
      }
    }
  }

  private static void backward(
      float[] c, float[] dC, float[] gamma, float[] next, int from, int end) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int at = from; at < end; at += LANES) {
      FloatVector coupling = FloatVector.fromArray(FLOATS, c, at);
      sum = coupling.fma(FloatVector.fromArray(FLOATS, dC, at), sum);
    }
    for (int at = from; at < end; at += LANES) {
      FloatVector coupling = FloatVector.fromArray(FLOATS, c, at);
      FloatVector change = FloatVector.fromArray(FLOATS, dC, at).sub(sum);
      coupling.fma(change, FloatVector.fromArray(FLOATS, gamma, at)).intoArray(next, at);
    }
  }

  private static int first(MicroBatch micro, int group) {
    return micro.groupPosition(group) * LANES;
  }

  private static int end(MicroBatch micro, int group) {
    return (micro.groupPosition(group) + micro.groupLength(group)) * LANES;
  }
}
