package io.mgnm.bench;

import java.util.List;

/**
 * What a training step's operations must compute at the least, counted from the formulas, for
 * histories of one length n with S = K·(L + 1) sequences each.
 *
 * @param stem the operation, as class names have it
 * @param direction forward or backward
 * @param flops multiplications and additions of matrix products, a history
 * @param functions values of exp or tanh, a history
 */
record Costs(String stem, String direction, long flops, long functions) {

  /**
   * Vector operations of one exp or tanh, a value a lane: a reduction, a polynomial of degree 6, a
   * scale; for tanh a quotient too.
   */
  private static final int FUNCTION_OPERATIONS = 15;

  /** Of the default model's step, with 5 negatives. */
  static List<Costs> of(long n, long d, long interests, long layers) {
    long levels = layers + 1;
    long s = interests * levels;
    long square = n * n * d;
    long weights = n * d * d;
    return List.of(
        new Costs("BatchSampling", "forward", 0, 0),
        new Costs("EmbeddingGather", "forward", 0, 0),
        new Costs(
            "GraphConvolution", "forward", square + layers * (2 * square + 2 * weights), n * n / 2),
        new Costs("CapsuleProjection", "forward", 2 * s * weights, 0),
        new Costs("CapsuleRouting", "forward", 10 * s * n * d, 3 * s * n),
        new Costs("BiLstm", "forward", 12 * s * weights, 5 * s * n * d),
        new Costs("InterestReadout", "forward", 2 * s * d * d + 12 * s * d, 6 * s),
        new Costs("RankingLoss", "forward", 0, 12 * levels),
        new Costs("InterestReadout", "backward", 4 * s * d * d + 24 * s * d, 0),
        new Costs("CapsuleRouting", "backward", 20 * s * n * d, 3 * s * n),
        new Costs("BiLstm", "backward", 24 * s * weights, 0),
        new Costs("CapsuleProjection", "backward", 4 * s * weights, 0),
        new Costs(
            "GraphConvolution",
            "backward",
            3 * square + layers * (4 * square + 4 * weights),
            n * n / 2),
        new Costs("EmbeddingGradient", "forward", 0, 0),
        new Costs("Adam", "forward", 0, 0));
  }

  /** Seconds of so many histories at a peak of so many floating-point operations a second. */
  double floor(long histories, double peak) {
    return histories * (flops + 2.0 * FUNCTION_OPERATIONS * functions) / peak;
  }

  /** As the profile names it. */
  String name() {
    return stem + " " + direction;
  }
}
