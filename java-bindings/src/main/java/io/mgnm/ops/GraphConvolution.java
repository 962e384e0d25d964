package io.mgnm.ops;

/**
 * {@code graph_convolution}, equations (1) to (4): the learned graph of a history, its normalised
 * operator P, and L convolutions with it.
 *
 * <pre>
 *   A_ij = sigmoid(Σ_k x_ik x_jk u_k);   D_ii = Σ_j A_ij;   L1 = Σ_ij A_ij
 *   P = I + D^-½ A D^-½ | D̂^-½ (A + I) D̂^-½, D̂ = D + I | A
 *   H_0 = X;   H_{l+1} = LeakyReLU(P H_l W)          (or P H_0 W: {@link Input#FIRST})
 * </pre>
 *
 * <p>A degree that underflows contributes 0, never NaN. With L = 0 there is no graph: the levels
 * are X alone and L1 is 0. The derivative of LeakyReLU at 0 is the slope. The backward formulas are
 * those of the model document; A is computed again, never stored for it.
 */
public interface GraphConvolution {

  /** How A becomes the operator P. */
  enum Normalisation {
    /** {@code I + D^-½ A D^-½}: (3) read as the whole operator. */
    SYMMETRIC,
    /** {@code D̂^-½ (A + I) D̂^-½}, D̂ the row sums of A + I. */
    KIPF,
    /** {@code A} itself. */
    NONE
  }

  /** What every layer convolves. */
  enum Input {
    /** The level before, (2). */
    PREVIOUS,
    /** H_0 in every layer, as the released code does. */
    FIRST
  }

  /**
   * @param normalisation how A becomes P
   * @param userAware whether u weights the products; otherwise u is taken as all ones and dU is 0
   * @param input what every layer convolves
   * @param slope of LeakyReLU for negative values
   * @param l1 weight of L1 in the loss that {@link #backward} differentiates
   */
  record Options(
      Normalisation normalisation, boolean userAware, Input input, float slope, float l1) {}

  /**
   * @param x {@link Axis#ITEMS} × d
   * @param u {@link Axis#HISTORIES} × d
   * @param w {@link Axis#FIXED} d × d, {@code [in][out]}
   * @param levels {@link Axis#ITEMS} × (L + 1)·d, written, {@code [item][level][d]}
   * @param l1 {@link Axis#HISTORIES} × 1, written: Σ |A| of each history, unweighted
   */
  void forward(Batch batch, Tensor x, Tensor u, Tensor w, Tensor levels, Tensor l1);

  /**
   * @param levels as {@link #forward} wrote them
   * @param dLevels the derivative by the levels
   * @param dX written
   * @param dU written
   * @param dW written: the sum over the batch
   */
  void backward(
      Batch batch,
      Tensor x,
      Tensor u,
      Tensor w,
      Tensor levels,
      Tensor dLevels,
      Tensor dX,
      Tensor dU,
      Tensor dW);
}
