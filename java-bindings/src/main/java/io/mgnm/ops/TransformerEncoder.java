package io.mgnm.ops;

/**
 * {@code transformer_encoder}: the encoder of equation (10) as one post-norm transformer block.
 *
 * <pre>
 *   x_t = z_t + p[n − 1 − t]                     positions counted from the end of the history
 *   a = x + softmax(Q Kᵀ / √(d/2)) V · Wo + bo   2 heads of d/2, no causal mask, Q = x Wq + bq, …
 *   s = norm(a);   f = norm(s + gelu(s W1 + b1) W2 + b2);   y = z + f
 * </pre>
 *
 * <p>GELU is the exact one, x·Φ(x); the norm is layer normalisation with ε = 1e-5, gain and bias;
 * the feed-forward size is 2d.
 *
 * <p>Weights, in this order: {@code p[maxLength][d]}; {@code Wq[d][d] bq[d]}, likewise k, v, o;
 * {@code gain1[d] bias1[d]}; {@code W1[d][2d] b1[2d] W2[2d][d] b2[d]}; {@code gain2[d] bias2[d]}.
 */
public interface TransformerEncoder extends SequenceEncoder {

  /** Heads of the attention. */
  int HEADS = 2;

  /** ε of the layer normalisation. */
  float EPSILON = 1e-5f;

  /**
   * @param d width of the sequences, even
   * @param maxLength positions that p has
   */
  record Options(int d, int maxLength) {
    /** Checks that the heads divide d, and that there is a position. */
    public Options {
      if (d < 1 || d % HEADS != 0) {
        throw new IllegalArgumentException("transformer_encoder: d must be even, got " + d);
      }
      if (maxLength < 1) {
        throw new IllegalArgumentException(
            "transformer_encoder: maxLength must be at least 1, got " + maxLength);
      }
    }

    /** Where Wq begins; Wk, Wv and Wo follow, {@code d·d + d} values each. */
    public int attention() {
      return maxLength * d;
    }

    /** Where gain1 begins. */
    public int firstNorm() {
      return attention() + 4 * (d * d + d);
    }

    /** Where W1 begins. */
    public int feedForward() {
      return firstNorm() + 2 * d;
    }

    /** Where gain2 begins. */
    public int secondNorm() {
      return feedForward() + 2 * d * d + 2 * d + 2 * d * d + d;
    }

    /** All values. */
    public int weights() {
      return secondNorm() + 2 * d;
    }
  }

  /**
   * Refuses what {@link SequenceEncoder#check} does, and histories longer than p.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(
      String direction,
      Options options,
      Batch batch,
      Tensor w,
      int tapeWidth,
      Tensor tape,
      Tensor... capsules) {
    String operation = "transformer_encoder." + direction;
    SequenceEncoder.check(operation, options.d(), options.weights(), w, tapeWidth, tape, capsules);
    if (batch.shape().maxLength() > options.maxLength()) {
      throw new IllegalArgumentException(
          "%s: histories have up to %d items, and there are positions for %d"
              .formatted(operation, batch.shape().maxLength(), options.maxLength()));
    }
  }
}
