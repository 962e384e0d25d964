package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import java.util.Arrays;

/** Ẇ and ḃ of one layer {@code x W + b} over the groups of a micro-batch, b standing behind W. */
final class LayerGradient {
  private static final int CHUNK = 16;

  private final int weights;
  private final int in;
  private final int out;
  private final WeightGradient gradient;
  private final float[] sums;
  private final float[] biasSums; // lane by lane

  /**
   * @param weights where W begins among all weights
   */
  LayerGradient(int weights, int in, int out) {
    this.weights = weights;
    this.in = in;
    this.out = out;
    gradient = new WeightGradient(out, CHUNK);
    sums = new float[in * gradient.width()];
    biasSums = new float[out * LANES];
  }

  void clear() {
    Arrays.fill(sums, 0);
    Arrays.fill(biasSums, 0);
  }

  /**
   * Adds what n positions give.
   *
   * @param g the derivative by the layer's result, with rows up to a multiple of 16 behind the last
   */
  void add(float[] x, int xAt, int xStep, float[] g, int gAt, int gStep, int n) {
    for (int t = 0; t < n; t += CHUNK) {
      int count = Math.min(CHUNK, n - t);
      gradient.turn(g, gAt + t * gStep, gStep, count);
      gradient.add(x, xAt + t * xStep, xStep, in, 0, count, sums, 0);
    }
    LaneRows.addPositions(g, gAt, gStep, out, n, biasSums, 0);
  }

  /** Adds to the gradients of all weights, which begin at {@code at}. */
  void store(float[] target, int at) {
    gradient.store(sums, 0, in, target, at + weights);
    LaneRows.addLanes(biasSums, 0, out, target, at + weights + in * out);
  }
}
