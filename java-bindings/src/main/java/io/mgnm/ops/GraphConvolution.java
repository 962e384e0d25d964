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
 * <p>A row sum D of 0 (see {@link HadamardSigmoidAdjacency#LEAST_LOGIT}) leaves D^-½ A D^-½ 0 in
 * that row and column, never NaN. L and d are the batch's. With L = 0 there is no graph: the levels
 * are X alone and L1 is 0. The derivative of LeakyReLU at 0 is the slope.
 *
 * <pre>
 *   S_l = Ḣ_{l+1} ⊙ φ'(Y_l);   Ẇ = Σ_l (P H_l)ᵀ S_l;   Ḣ_l += P (S_l Wᵀ);   G = Σ_l (S_l Wᵀ) H_lᵀ
 *   ρ_i = Σ_j (G_ij N_ij + G_ji N_ji),  N the normalised part of P: all of it for KIPF
 *   ṡ_ij = (1 − A_ij) A_ij [G_ij (D_i D_j)^-½ − ½ ρ_i / D_i + θ],  KIPF: D̂ for D;  NONE: [G_ij + θ]
 *   Q = ṡ + ṡᵀ;   R = Q X;   Ẋ = Ḣ_0 + R diag(u);   u̇_k = ½ Σ_i x_ik R_ik
 * </pre>
 *
 * <p>A is computed again for the backward, never stored. Whether Y is positive is read off the
 * level that it became, and ρ may be: {@code Σ_j G_ij P_ij} is the sum over layers of {@code
 * Ḣ_{l+1,i} · H_{l+1,i}}. So the backward must get the levels that the forward gave for the same
 * inputs and options; with others its results are the derivative of nothing.
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
   * @param l1 weight θ of L1 in the loss that {@link #backward} differentiates
   */
  record Options(
      Normalisation normalisation, boolean userAware, Input input, float slope, float l1) {

    /** Checks that every number is possible. */
    public Options {
      if (!(slope >= 0 && slope <= 1)) {
        throw new IllegalArgumentException("slope must be between 0 and 1, got " + slope);
      }
      if (!(l1 >= 0 && l1 < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("l1 must be finite and at least 0, got " + l1);
      }
    }
  }

  /**
   * @param x {@link Axis#ITEMS} × d
   * @param u {@link Axis#HISTORIES} × d
   * @param w {@link Axis#FIXED} d × d, {@code [in][out]}
   * @param levels {@link Axis#ITEMS} × (L + 1)·d, written, {@code [item][level][d]}
   * @param l1 {@link Axis#HISTORIES} × 1, written: Σ |A| of each history, unweighted
   */
  void forward(Batch batch, Tensor x, Tensor u, Tensor w, Tensor levels, Tensor l1);

  /**
   * @param levels as {@link #forward} wrote them for the same x, u and w
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

  /**
   * Refuses tensors of other shapes.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkForward(Batch batch, Tensor x, Tensor u, Tensor w, Tensor levels, Tensor l1) {
    checkInputs("graph_convolution.forward", batch, x, u, w, levels);
    Arguments.rows("graph_convolution.forward", "l1", l1, Axis.HISTORIES, 1);
  }

  /**
   * Refuses tensors of other shapes.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void checkBackward(
      Batch batch,
      Tensor x,
      Tensor u,
      Tensor w,
      Tensor levels,
      Tensor dLevels,
      Tensor dX,
      Tensor dU,
      Tensor dW) {
    String operation = "graph_convolution.backward";
    checkInputs(operation, batch, x, u, w, levels);
    int d = batch.shape().d();
    Arguments.rows(operation, "dLevels", dLevels, Axis.ITEMS, batch.shape().levels() * d);
    Arguments.rows(operation, "dX", dX, Axis.ITEMS, d);
    Arguments.rows(operation, "dU", dU, Axis.HISTORIES, d);
    Arguments.fixed(operation, "dW", dW, d, d);
  }

  private static void checkInputs(
      String operation, Batch batch, Tensor x, Tensor u, Tensor w, Tensor levels) {
    int d = batch.shape().d();
    Arguments.rows(operation, "x", x, Axis.ITEMS, d);
    Arguments.rows(operation, "u", u, Axis.HISTORIES, d);
    Arguments.fixed(operation, "w", w, d, d);
    Arguments.rows(operation, "levels", levels, Axis.ITEMS, batch.shape().levels() * d);
  }
}
