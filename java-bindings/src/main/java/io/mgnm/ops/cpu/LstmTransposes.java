package io.mgnm.ops.cpu;

import io.mgnm.ops.BiLstm;

/** The weights of {@link CpuBiLstm} the other way round, for both directions and all workers. */
final class LstmTransposes {
  private final BiLstm.Options options;
  private final CpuTensor weights;

  /** Wx of each direction as {@code [4h][d]}. */
  final float[][] input;

  /** Wh of each direction as {@code [4h][h]}. */
  final float[][] hidden;

  /** Each direction's part of R as {@code [d][h]}. */
  final float[][] projection;

  LstmTransposes(BiLstm.Options options, CpuTensor weights) {
    this.options = options;
    this.weights = weights;
    int h = options.hidden();
    input = new float[2][4 * h * options.d()];
    hidden = new float[2][4 * h * h];
    projection = new float[2][options.projected() ? h * options.d() : 0];
  }

  /** Takes the weights as they are now. */
  void load() {
    float[] w = weights.array();
    int at = weights.offset();
    int d = options.d();
    int h = options.hidden();
    for (int k = 0; k < 2; k++) {
      LaneProducts.transpose(w, at + options.inputWeights(k), d, 4 * h, input[k], 0);
      LaneProducts.transpose(w, at + options.hiddenWeights(k), h, 4 * h, hidden[k], 0);
      if (options.projected()) {
        LaneProducts.transpose(w, at + options.projection() + k * h * d, h, d, projection[k], 0);
      }
    }
  }
}
