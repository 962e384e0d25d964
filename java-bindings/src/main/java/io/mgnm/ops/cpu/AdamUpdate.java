package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Adam;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

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
      FloatVector value = FloatVector.fromArray(FLOATS, p, pOffset + first + i);
      FloatVector g = FloatVector.fromArray(FLOATS, gradients, at + i);
      update(value, value.fma(broadcast(l2), g), first + i, a, c);
    }
    if (i < count) {
      VectorMask<Float> tail = FLOATS.indexInRange(i, count);
      FloatVector value = FloatVector.fromArray(FLOATS, p, pOffset + first + i, tail);
      FloatVector g = FloatVector.fromArray(FLOATS, gradients, at + i, tail);
      update(value, value.fma(broadcast(l2), g), first + i, a, c, tail);
    }
  }

  /** Likewise, with gradients of 0. */
  void run(int first, int count, float a, float c) {
    int i = 0;
    for (; i <= count - STEP; i += STEP) {
      FloatVector value = FloatVector.fromArray(FLOATS, p, pOffset + first + i);
      update(value, value.mul(l2), first + i, a, c);
    }
    if (i < count) {
      VectorMask<Float> tail = FLOATS.indexInRange(i, count);
      FloatVector value = FloatVector.fromArray(FLOATS, p, pOffset + first + i, tail);
      update(value, value.mul(l2), first + i, a, c, tail);
    }
  }

  private void update(FloatVector value, FloatVector g, int i, float a, float c) {
    FloatVector first = moment1(FloatVector.fromArray(FLOATS, m, mOffset + i), g);
    FloatVector second = moment2(FloatVector.fromArray(FLOATS, v, vOffset + i), g);
    first.intoArray(m, mOffset + i);
    second.intoArray(v, vOffset + i);
    step(value, first, second, a, c).intoArray(p, pOffset + i);
  }

  private void update(
      FloatVector value, FloatVector g, int i, float a, float c, VectorMask<Float> tail) {
    FloatVector first = moment1(FloatVector.fromArray(FLOATS, m, mOffset + i, tail), g);
    FloatVector second = moment2(FloatVector.fromArray(FLOATS, v, vOffset + i, tail), g);
    first.intoArray(m, mOffset + i, tail);
    second.intoArray(v, vOffset + i, tail);
    step(value, first, second, a, c).intoArray(p, pOffset + i, tail);
  }

  private FloatVector moment1(FloatVector moment, FloatVector g) {
    return g.sub(moment).fma(broadcast(rest1), moment);
  }

  private FloatVector moment2(FloatVector moment, FloatVector g) {
    return g.mul(g).sub(moment).fma(broadcast(rest2), moment);
  }

  private FloatVector step(
      FloatVector value, FloatVector first, FloatVector second, float a, float c) {
    return value.sub(first.mul(a).div(second.mul(c).sqrt().add(epsilon)));
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }
}
