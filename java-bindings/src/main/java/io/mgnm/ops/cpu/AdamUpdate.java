package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Adam;
import jdk.incubator.vector.FloatVector;

/**
 * Adam on runs of neighbouring values of one tensor. What depends on the step is computed in double
 * and rounded once: the update is {@code p − a·m / (√(c·v) + ε)} with a = η/(1 − β1^t) and c = 1/(1
 * − β2^t).
 *
 * <p>A moment is {@code m + (1 − β)·(g − m)}: rounding 0.999 to float would bias v by 1e-5 in the
 * long run, rounding 0.001 by nothing.
 */
final class AdamUpdate {
  private final Adam.Options options;
  private final float[] p;
  private final float[] m;
  private final float[] v;
  private final int pOffset;
  private final int mOffset;
  private final int vOffset;
  private final float l2;
  private final float rest1;
  private final float rest2;
  private final float epsilon;

  AdamUpdate(Adam.Options options, CpuTensor p, CpuTensor m, CpuTensor v) {
    this.options = options;
    this.p = p.array();
    this.m = m.array();
    this.v = v.array();
    pOffset = p.offset();
    mOffset = m.offset();
    vOffset = v.offset();
    l2 = (float) options.l2();
    rest1 = (float) (1 - options.beta1());
    rest2 = (float) (1 - options.beta2());
    epsilon = (float) options.epsilon();
  }

  /**
   * a of step t.
   *
   * @throws IllegalStateException where no step has begun
   */
  float rate(long t, double learningRate) {
    if (t < 1) {
      throw new IllegalStateException("adam: no step has begun");
    }
    return (float) (learningRate / (1 - Adam.power(options.beta1(), t)));
  }

  /** c of step t. */
  float scale(long t) {
    return (float) (1 / (1 - Adam.power(options.beta2(), t)));
  }

  /**
   * Updates {@code count} values.
   *
   * @param first the first of them, counted from the tensor's start
   * @param gradients the first one's is at {@code at}
   */
  void run(int first, int count, float[] gradients, int at, float a, float c) {
    int i = 0;
    for (; i <= count - STEP; i += STEP) {
      int place = first + i;
      FloatVector value = FloatVector.fromArray(FLOATS, p, pOffset + place);
      FloatVector g = FloatVector.fromArray(FLOATS, gradients, at + i);
      g = value.fma(FloatVector.broadcast(FLOATS, l2), g);
      FloatVector mean = FloatVector.fromArray(FLOATS, m, mOffset + place);
      mean = g.sub(mean).fma(FloatVector.broadcast(FLOATS, rest1), mean);
      FloatVector square = FloatVector.fromArray(FLOATS, v, vOffset + place);
      square = g.mul(g).sub(square).fma(FloatVector.broadcast(FLOATS, rest2), square);
      mean.intoArray(m, mOffset + place);
      square.intoArray(v, vOffset + place);
      FloatVector root = square.mul(c).sqrt().add(epsilon);
      value.sub(mean.mul(a).div(root)).intoArray(p, pOffset + place);
    }
    for (; i < count; i++) { // the same bits one by one: C2 boxes masked vectors
      one(first + i, gradients[at + i], a, c);
    }
  }

  private void one(int i, float gradient, float a, float c) {
    float value = p[pOffset + i];
    float g = Math.fma(value, l2, gradient);
    float mean = m[mOffset + i];
    mean = Math.fma(g - mean, rest1, mean);
    float square = v[vOffset + i];
    square = Math.fma(g * g - square, rest2, square);
    m[mOffset + i] = mean;
    v[vOffset + i] = square;
    p[pOffset + i] = value - mean * a / ((float) Math.sqrt(square * c) + epsilon);
  }
}
