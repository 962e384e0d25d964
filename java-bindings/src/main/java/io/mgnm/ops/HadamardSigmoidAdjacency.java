package io.mgnm.ops;

/**
 * {@code hadamard_sigmoid_adjacency}, equation (1): how related two items of a history are in the
 * eyes of its user.
 *
 * <pre>  A_ij = sigmoid(Σ_k x_ik · x_jk · u_k),  i and j in one history, the diagonal included
 * </pre>
 *
 * <p>Symmetric to the bit, every value in [0, 1]. The sigmoid underflows at {@link #LEAST_LOGIT},
 * in double as in float: A_ij is 0 below it, 1 − A_ij, which the derivative computes as
 * sigmoid(−s), is 0 above its negative, and so a row sum of A is 0 or a normal number in every
 * backend.
 *
 * <pre>
 *   ṡ = Ȧ A (1 − A);   Q = ṡ + ṡᵀ;   R = Q X;   ẋ_ik = R_ik u_k;   u̇_k = ½ Σ_i x_ik R_ik
 * </pre>
 *
 * <p>The model uses {@link GraphConvolution}, which never stores A; this operation shows A and
 * tests it.
 */
public interface HadamardSigmoidAdjacency {
  /** Below this logit sigmoid counts as 0: e⁻⁸⁷ is about the least normal float. */
  float LEAST_LOGIT = -87;

  /**
   * @param x {@link Axis#ITEMS} × d
   * @param u {@link Axis#HISTORIES} × d
   * @param a {@link Axis#PAIRS} × 1, written
   */
  void forward(Batch batch, Tensor x, Tensor u, Tensor a);

  /**
   * @param dA the derivative by A, not necessarily symmetric
   * @param dX written
   * @param dU written
   */
  void backward(Batch batch, Tensor x, Tensor u, Tensor dA, Tensor dX, Tensor dU);

  /**
   * Refuses tensors of other shapes.
   *
   * @param pairs a, or its derivative
   * @param gradients none, or dX and dU
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(
      String direction, Batch batch, Tensor x, Tensor u, Tensor pairs, Tensor... gradients) {
    String operation = "hadamard_sigmoid_adjacency." + direction;
    int d = batch.shape().d();
    Arguments.rows(operation, "x", x, Axis.ITEMS, d);
    Arguments.rows(operation, "u", u, Axis.HISTORIES, d);
    Arguments.rows(operation, gradients.length == 0 ? "a" : "dA", pairs, Axis.PAIRS, 1);
    if (gradients.length != 0) {
      Arguments.rows(operation, "dX", gradients[0], Axis.ITEMS, d);
      Arguments.rows(operation, "dU", gradients[1], Axis.HISTORIES, d);
    }
  }
}
