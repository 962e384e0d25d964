package io.mgnm.ops;

/**
 * {@code bilstm}: the encoder of equation (10) as a bidirectional LSTM.
 *
 * <pre>
 *   (i, f, g, o) = z_t Wx + h_{t-1} Wh + b;   c_t = σ(f) c_{t-1} + σ(i) tanh(g)
 *   h_t = σ(o) tanh(c_t);   y_t = z_t + [h→_t, h←_t]      (or z_t + [h→_t, h←_t] · R)
 * </pre>
 *
 * <p>Zero initial states; the backward direction starts at the true end of each history. One bias
 * vector. Hidden size h is d/2 a direction (d even), or d with the projection R, 2d × d.
 *
 * <p>Weights, in this order: for the forward, then the backward direction {@code Wx[d][4h]}, {@code
 * Wh[h][4h]}, {@code b[4h]}, the gates i, f, g, o one after another in a row; then {@code R[2h][d]}
 * where there is one.
 */
public interface BiLstm extends SequenceEncoder {

  /**
   * What does it on CUDA; elsewhere there is one implementation. They agree as two backends do, not
   * to the bit.
   */
  enum Implementation {
    /** By a committed table of devices and sizes, never by a timing: today always persistent. */
    AUTO,
    /** The library's own kernels, which hold the weights in registers for a whole launch. */
    PERSISTENT,
    /**
     * NVIDIA's cuDNN. It wants the lengths of histories on the host, so what it is part of is no
     * CUDA graph.
     */
    CUDNN
  }

  /**
   * @param d width of the sequences
   * @param projected hidden size d and a projection, instead of hidden size d/2 and none
   * @param implementation on CUDA
   */
  record Options(int d, boolean projected, Implementation implementation) {
    /** What the backend finds best. */
    public Options(int d, boolean projected) {
      this(d, projected, Implementation.AUTO);
    }

    /** Checks that d can be halved where it must be. */
    public Options {
      if (d < 1 || (!projected && d % 2 != 0)) {
        throw new IllegalArgumentException(
            "bilstm: d must be positive, and even without projection; got " + d);
      }
    }

    /** h: hidden units a direction. */
    public int hidden() {
      return projected ? d : d / 2;
    }

    /** Values of one direction's weights. */
    public int directionWeights() {
      return 4 * hidden() * (d + hidden() + 1);
    }

    /** Where Wx of a direction (0 forward, 1 backward) begins. */
    public int inputWeights(int direction) {
      return direction * directionWeights();
    }

    /** Where Wh of a direction begins. */
    public int hiddenWeights(int direction) {
      return inputWeights(direction) + 4 * hidden() * d;
    }

    /** Where b of a direction begins. */
    public int bias(int direction) {
      return hiddenWeights(direction) + 4 * hidden() * hidden();
    }

    /** Where R begins, if there is one. */
    public int projection() {
      return 2 * directionWeights();
    }

    /** All values. */
    public int weights() {
      return 2 * directionWeights() + (projected ? 2 * hidden() * d : 0);
    }
  }
}
