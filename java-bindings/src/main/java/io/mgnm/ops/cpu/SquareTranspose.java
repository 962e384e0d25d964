package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Turns a square of 16 × 16 values: rows a distance of 1, then 2, 4 and 8 apart exchange the halves
 * that belong to the other. A distance within a vector is a shuffle and a blend, a greater one only
 * another place to store to. It moves values, so every width gives the same.
 */
final class SquareTranspose {
  private static final VectorShuffle<Float> UP_1 = up(1);
  private static final VectorShuffle<Float> UP_2 = up(2);
  private static final VectorShuffle<Float> UP_4 = up(4);
  private static final VectorShuffle<Float> UP_8 = up(8);
  private static final VectorShuffle<Float> DOWN_1 = down(1);
  private static final VectorShuffle<Float> DOWN_2 = down(2);
  private static final VectorShuffle<Float> DOWN_4 = down(4);
  private static final VectorShuffle<Float> DOWN_8 = down(8);
  private static final VectorMask<Float> ODD_1 = odd(1);
  private static final VectorMask<Float> ODD_2 = odd(2);
  private static final VectorMask<Float> ODD_4 = odd(4);
  private static final VectorMask<Float> ODD_8 = odd(8);

  private SquareTranspose() {}

  /** Writes the transpose of the square at {@code from}; the two must not overlap. */
  static void turn(float[] source, int from, float[] target, int to) {
    turn(source, from, LANES, target, to);
  }

  /** The same of a square whose rows are {@code step} values apart. */
  static void turn(float[] source, int from, int step, float[] target, int to) {
    if (STEP < 8) {
      turnOneByOne(source, from, step, target, to);
      return;
    }
    for (int r = 0; r < LANES; r += 4) {
      near(source, from + r * step, step, target, to + r * LANES);
    }
    for (int r = 0; r < 4; r++) {
      if (STEP == LANES) {
        far(target, to + r * LANES);
      } else {
        farInHalves(target, to + r * LANES);
      }
    }
  }

  private static void turnOneByOne(float[] source, int from, int step, float[] target, int to) {
    for (int r = 0; r < LANES; r++) {
      for (int c = 0; c < LANES; c++) {
        target[to + c * LANES + r] = source[from + r * step + c];
      }
    }
  }

  /** Distances 1 and 2: four rows that follow one another. */
  private static void near(float[] source, int from, int step, float[] target, int to) {
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector r0 = FloatVector.fromArray(FLOATS, source, from + p);
      FloatVector r1 = FloatVector.fromArray(FLOATS, source, from + step + p);
      FloatVector r2 = FloatVector.fromArray(FLOATS, source, from + 2 * step + p);
      FloatVector r3 = FloatVector.fromArray(FLOATS, source, from + 3 * step + p);
      FloatVector s0 = r0.blend(r1.rearrange(UP_1), ODD_1);
      FloatVector s1 = r0.rearrange(DOWN_1).blend(r1, ODD_1);
      FloatVector s2 = r2.blend(r3.rearrange(UP_1), ODD_1);
      FloatVector s3 = r2.rearrange(DOWN_1).blend(r3, ODD_1);
      s0.blend(s2.rearrange(UP_2), ODD_2).intoArray(target, to + p);
      s1.blend(s3.rearrange(UP_2), ODD_2).intoArray(target, to + LANES + p);
      s0.rearrange(DOWN_2).blend(s2, ODD_2).intoArray(target, to + 2 * LANES + p);
      s1.rearrange(DOWN_2).blend(s3, ODD_2).intoArray(target, to + 3 * LANES + p);
    }
  }

  /** Distances 4 and 8 of four rows 4 apart, a row in one vector. */
  private static void far(float[] square, int at) {
    FloatVector r0 = FloatVector.fromArray(FLOATS, square, at);
    FloatVector r1 = FloatVector.fromArray(FLOATS, square, at + 4 * LANES);
    FloatVector r2 = FloatVector.fromArray(FLOATS, square, at + 8 * LANES);
    FloatVector r3 = FloatVector.fromArray(FLOATS, square, at + 12 * LANES);
    FloatVector s0 = r0.blend(r1.rearrange(UP_4), ODD_4);
    FloatVector s1 = r0.rearrange(DOWN_4).blend(r1, ODD_4);
    FloatVector s2 = r2.blend(r3.rearrange(UP_4), ODD_4);
    FloatVector s3 = r2.rearrange(DOWN_4).blend(r3, ODD_4);
    s0.blend(s2.rearrange(UP_8), ODD_8).intoArray(square, at);
    s1.blend(s3.rearrange(UP_8), ODD_8).intoArray(square, at + 4 * LANES);
    s0.rearrange(DOWN_8).blend(s2, ODD_8).intoArray(square, at + 8 * LANES);
    s1.rearrange(DOWN_8).blend(s3, ODD_8).intoArray(square, at + 12 * LANES);
  }

  /** The same with a row in two vectors: at distance 8, halves change places. */
  private static void farInHalves(float[] square, int at) {
    FloatVector left0 = FloatVector.fromArray(FLOATS, square, at);
    FloatVector left1 = FloatVector.fromArray(FLOATS, square, at + 4 * LANES);
    FloatVector left2 = FloatVector.fromArray(FLOATS, square, at + 8 * LANES);
    FloatVector left3 = FloatVector.fromArray(FLOATS, square, at + 12 * LANES);
    FloatVector right0 = FloatVector.fromArray(FLOATS, square, at + 8);
    FloatVector right1 = FloatVector.fromArray(FLOATS, square, at + 4 * LANES + 8);
    FloatVector right2 = FloatVector.fromArray(FLOATS, square, at + 8 * LANES + 8);
    FloatVector right3 = FloatVector.fromArray(FLOATS, square, at + 12 * LANES + 8);
    left0.blend(left1.rearrange(UP_4), ODD_4).intoArray(square, at);
    left0.rearrange(DOWN_4).blend(left1, ODD_4).intoArray(square, at + 4 * LANES);
    left2.blend(left3.rearrange(UP_4), ODD_4).intoArray(square, at + 8);
    left2.rearrange(DOWN_4).blend(left3, ODD_4).intoArray(square, at + 4 * LANES + 8);
    right0.blend(right1.rearrange(UP_4), ODD_4).intoArray(square, at + 8 * LANES);
    right0.rearrange(DOWN_4).blend(right1, ODD_4).intoArray(square, at + 12 * LANES);
    right2.blend(right3.rearrange(UP_4), ODD_4).intoArray(square, at + 8 * LANES + 8);
    right2.rearrange(DOWN_4).blend(right3, ODD_4).intoArray(square, at + 12 * LANES + 8);
  }

  /** Lane i takes lane i − distance; what would fall off is blended away. */
  private static VectorShuffle<Float> up(int distance) {
    return VectorShuffle.fromOp(FLOATS, i -> (i + LANES - distance) % STEP);
  }

  private static VectorShuffle<Float> down(int distance) {
    return VectorShuffle.fromOp(FLOATS, i -> (i + distance) % STEP);
  }

  /** Lanes whose number has the bit {@code distance}. */
  private static VectorMask<Float> odd(int distance) {
    boolean[] lanes = new boolean[STEP];
    for (int i = 0; i < STEP; i++) {
      lanes[i] = (i & distance) != 0;
    }
    return VectorMask.fromArray(FLOATS, lanes, 0);
  }
}
