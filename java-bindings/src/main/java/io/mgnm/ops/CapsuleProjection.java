package io.mgnm.ops;

/**
 * {@code capsule_projection}, equation (5): every level seen by every interest.
 *
 * <pre>  z[t,l,i] = h[t,l] · W_i </pre>
 *
 * <p>W_i is shared by the levels and has no bias.
 */
public interface CapsuleProjection {

  /**
   * @param levels {@link Axis#ITEMS} × (L + 1)·d
   * @param w {@link Axis#FIXED} K·d × d, {@code [interest][in][out]}
   * @param z capsules of {@link Axis#ITEMS}, width d, written
   */
  void forward(Batch batch, Tensor levels, Tensor w, Tensor z);

  /**
   * @param dZ the derivative by z
   * @param dLevels written
   * @param dW written: the sum over the batch
   */
  void backward(Batch batch, Tensor levels, Tensor w, Tensor dZ, Tensor dLevels, Tensor dW);
}
