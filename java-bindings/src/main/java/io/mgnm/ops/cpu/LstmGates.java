package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.BiLstm;

/**
 * The gates of a direction as they go into their nonlinearity, {@code b + z Wx + h' Wh}: what z
 * gives for many positions at a time, where a weight that is loaded serves two, then what h' gives
 * time step by time step. A sum has its terms in this order.
 */
final class LstmGates {
  private final int d;
  private final int h;
  private final float[] w;
  private final int biasWeights;
  private final int inputWeights;
  private final int hiddenWeights;
  private final float[] bias; // in all lanes

  LstmGates(BiLstm.Options options, int direction, CpuTensor weights) {
    d = options.d();
    h = options.hidden();
    w = weights.array();
    biasWeights = weights.offset() + options.bias(direction);
    inputWeights = weights.offset() + options.inputWeights(direction);
    hiddenWeights = weights.offset() + options.hiddenWeights(direction);
    bias = new float[4 * h * LANES];
  }

  /** Takes the bias as it is now. */
  void load() {
    LaneRows.fill(w, biasWeights, 4 * h, bias);
  }

  /**
   * Writes {@code b + z Wx} of so many positions.
   *
   * @param gates 4h rows a position
   * @param step how far apart the gates of positions are
   */
  void start(float[] z, int zAt, float[] gates, int gatesAt, int step, int positions) {
    LaneProducts.multiply(
        bias, 0, 0, z, zAt, d * LANES, w, inputWeights, d, 4 * h, gates, gatesAt, step, positions);
  }

  /**
   * Adds {@code h' Wh} to the gates of one position.
   *
   * @param before h' of the time step before, h rows
   */
  void add(float[] before, int beforeAt, float[] gates, int gatesAt) {
    LaneProducts.multiply(
        gates, gatesAt, 0, before, beforeAt, 0, w, hiddenWeights, h, 4 * h, gates, gatesAt, 0, 1);
  }
}
