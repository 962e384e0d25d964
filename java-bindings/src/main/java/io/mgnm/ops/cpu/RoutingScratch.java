package io.mgnm.ops.cpu;

import io.mgnm.ops.Axis;
import io.mgnm.ops.CapsuleRouting;

/**
 * What one worker notes down of the iterations of one micro-batch. Numbers are {@code
 * [position][16]}, vectors {@code [group][d][16]}.
 */
final class RoutingScratch {
  final Couplings couplings;

  /** Logits as they are now. */
  final float[] g;

  /** Agreements, and derivatives by couplings. */
  final float[] numbers;

  /** Couplings of each iteration. */
  final float[][] c;

  /** The derivative by the logits: before each iteration, and behind the last. */
  final float[][] gamma;

  /** Weighted sums of each iteration. */
  final float[][] v;

  /** Outputs of each iteration. */
  final float[][] o;

  /** Derivatives by {@link #v}; on the way there, by {@link #o}. */
  final float[][] dV;

  /** What makes up the gradient of the vectors that were summed up. */
  final OuterTerms summed;

  /** What makes up the gradient of the vectors of the first agreement, where they are others. */
  final OuterTerms agreeing;

  RoutingScratch(CpuBatch batch, CapsuleRouting.Options options, int iterations) {
    int d = batch.shape().d();
    int cells = batch.capacity(Axis.ITEMS, 1, true, true);
    int outputs = batch.capacity(Axis.HISTORIES, d, true, true);
    couplings = Couplings.of(options.softmax(), batch.shape());
    g = new float[cells];
    numbers = new float[cells];
    c = new float[iterations][cells];
    gamma = new float[iterations + 1][cells];
    v = new float[iterations][outputs];
    o = new float[iterations][outputs];
    dV = new float[iterations][outputs];
    summed = new OuterTerms(2 * iterations);
    agreeing = new OuterTerms(1);
  }
}
