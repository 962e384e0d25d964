package io.mgnm.ops;

/**
 * {@code hadamard_sigmoid_adjacency}, equation (1): how related two items of a history are in the
 * eyes of its user.
 *
 * <pre>  A_ij = sigmoid(Σ_k x_ik · x_jk · u_k),  i and j in one history, the diagonal included
 * </pre>
 *
 * <p>Symmetric to the bit, every value in [0, 1]. The model uses {@link GraphConvolution}, which
 * never stores A; this operation shows A and tests it.
 */
public interface HadamardSigmoidAdjacency {

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
}
