package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Plain traffic of rows of 16 lanes: filling, copying, adding, and masking what is not alive. */
final class LaneRows {
  private LaneRows() {}

  /** Sets row m to {@code values[from + m]} in all lanes. */
  static void fill(float[] values, int from, int rows, float[] y) {
    for (int m = 0; m < rows; m++) {
      Arrays.fill(y, m * LANES, (m + 1) * LANES, values[from + m]);
    }
  }

  /** {@code y = a + b}. */
  static void add(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int rows) {
    for (int i = 0; i < rows * LANES; i += STEP) {
      FloatVector.fromArray(FLOATS, a, aAt + i)
          .add(FloatVector.fromArray(FLOATS, b, bAt + i))
          .intoArray(y, yAt + i);
    }
  }

  /** {@code sums[m] += Σ_t g[t][m]}, lane by lane: the gradient of a bias. */
  static void addPositions(
      float[] g, int gAt, int gStep, int rows, int positions, float[] sums, int sumsAt) {
    int i = 0;
    for (; i + 4 * STEP <= rows * LANES; i += 4 * STEP) {
      addFour(g, gAt + i, gStep, positions, sums, sumsAt + i);
    }
    for (; i < rows * LANES; i += STEP) {
      FloatVector sum = FloatVector.fromArray(FLOATS, sums, sumsAt + i);
      for (int t = 0; t < positions; t++) {
        sum = sum.add(FloatVector.fromArray(FLOATS, g, gAt + t * gStep + i));
      }
      sum.intoArray(sums, sumsAt + i);
    }
  }

  /** Four vectors at a time: as many chains as hide the latency of an addition. */
  private static void addFour(
      float[] g, int gAt, int gStep, int positions, float[] sums, int sumsAt) {
    FloatVector s0 = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector s1 = FloatVector.fromArray(FLOATS, sums, sumsAt + STEP);
    FloatVector s2 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * STEP);
    FloatVector s3 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * STEP);
    for (int t = 0; t < positions; t++) {
      int at = gAt + t * gStep;
      s0 = s0.add(FloatVector.fromArray(FLOATS, g, at));
      s1 = s1.add(FloatVector.fromArray(FLOATS, g, at + STEP));
      s2 = s2.add(FloatVector.fromArray(FLOATS, g, at + 2 * STEP));
      s3 = s3.add(FloatVector.fromArray(FLOATS, g, at + 3 * STEP));
    }
    s0.intoArray(sums, sumsAt);
    s1.intoArray(sums, sumsAt + STEP);
    s2.intoArray(sums, sumsAt + 2 * STEP);
    s3.intoArray(sums, sumsAt + 3 * STEP);
  }

  /**
   * Copies rows of consecutive positions, with 0 in every lane that has ended.
   *
   * @param lengths of the 16 lanes, in positions
   * @param t the position of the first
   */
  static void copyAlive(
      float[] from, int at, float[] to, int toAt, int rows, int positions, float[] lengths, int t) {
    System.arraycopy(from, at, to, toAt, positions * rows * LANES);
    keepAlive(to, toAt, rows, positions, lengths, t);
  }

  /** Sets to 0 every lane that has ended, of the rows of positions from {@code t} on. */
  static void keepAlive(float[] a, int at, int rows, int positions, float[] lengths, int t) {
    fillEnded(a, at, rows, positions, lengths, 0, t, 0);
  }

  /**
   * Sets every lane that has ended to {@code value}; the 16 lengths begin at {@code first}.
   *
   * <p>Eight rows a round make it too long for C2 to inline: see {@link LaneProducts}.
   */
  static void fillEnded(
      float[] a, int at, int rows, int positions, float[] lengths, int first, int t, float value) {
    for (int position = 0; position < positions; position++) {
      for (int p = 0; p < LANES; p += STEP) {
        FloatVector length = FloatVector.fromArray(FLOATS, lengths, first + p);
        VectorMask<Float> ended = length.compare(VectorOperators.LE, t + position);
        if (!ended.anyTrue()) {
          continue;
        }
        FloatVector v = FloatVector.broadcast(FLOATS, value);
        int i = at + position * rows * LANES + p;
        int end = i + rows * LANES;
        for (; i + 7 * LANES < end; i += 8 * LANES) {
          FloatVector.fromArray(FLOATS, a, i).blend(v, ended).intoArray(a, i);
          int i1 = i + LANES;
          FloatVector.fromArray(FLOATS, a, i1).blend(v, ended).intoArray(a, i1);
          int i2 = i + 2 * LANES;
          FloatVector.fromArray(FLOATS, a, i2).blend(v, ended).intoArray(a, i2);
          int i3 = i + 3 * LANES;
          FloatVector.fromArray(FLOATS, a, i3).blend(v, ended).intoArray(a, i3);
          int i4 = i + 4 * LANES;
          FloatVector.fromArray(FLOATS, a, i4).blend(v, ended).intoArray(a, i4);
          int i5 = i + 5 * LANES;
          FloatVector.fromArray(FLOATS, a, i5).blend(v, ended).intoArray(a, i5);
          int i6 = i + 6 * LANES;
          FloatVector.fromArray(FLOATS, a, i6).blend(v, ended).intoArray(a, i6);
          int i7 = i + 7 * LANES;
          FloatVector.fromArray(FLOATS, a, i7).blend(v, ended).intoArray(a, i7);
        }
        for (; i < end; i += LANES) {
          FloatVector.fromArray(FLOATS, a, i).blend(v, ended).intoArray(a, i);
        }
      }
    }
  }

  /**
   * The lengths of a group's lanes.
   *
   * @param lengths written
   * @return whether a lane is shorter than its group, so that its dead positions need masks
   */
  static boolean ragged(MicroBatch micro, int group, float[] lengths) {
    if (micro.uniform()) {
      return false;
    }
    System.arraycopy(micro.laneLengths(), group * LANES, lengths, 0, LANES);
    return micro.ragged(group);
  }

  /** Adds the sum over its lanes of each of {@code count} rows to {@code target}. */
  static void addLanes(float[] sums, int sumsAt, int count, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] += Lanes.sum(sums, sumsAt + i * LANES);
    }
  }
}
