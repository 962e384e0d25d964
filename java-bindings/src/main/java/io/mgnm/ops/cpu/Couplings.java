package io.mgnm.ops.cpu;

import io.mgnm.ops.BatchShape;
import io.mgnm.ops.CapsuleRouting.Softmax;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Equation (6) over one of its axes, for all logits of a micro-batch, {@code [position][16]}. One
 * instance serves one worker.
 */
interface Couplings {
  /** The least argument at which {@link VectorMath#exp} does not saturate. */
  float SMALLEST = -87f;

  /** c = softmax(g), 0 in dead cells, whose g is the lowest float. */
  void softmax(MicroBatch micro, float[] g, float[] c);

  /** γ' = γ + c (ċ − Σ c ċ). */
  void backward(MicroBatch micro, float[] c, float[] dC, float[] gamma, float[] next);

  /** e^x for x ≤ 0, and 0 where it is less than a normal number: {@code exp} saturates there. */
  static FloatVector exponential(FloatVector x) {
    return VectorMath.exp(x).blend(0f, x.compare(VectorOperators.LT, SMALLEST));
  }

  /** The couplings that {@code softmax} asks for. */
  static Couplings of(Softmax softmax, BatchShape shape) {
    return switch (softmax) {
      case POSITIONS -> new PositionCouplings();
      case INTERESTS -> new InterestCouplings(shape.interests());
    };
  }
}
