package io.mgnm.ops;

/**
 * {@code capsule_projection}, equation (5): every level seen by every interest.
 *
 * <pre>  z[t,l,i] = h[t,l] · W_i </pre>
 *
 * <p>W_i is shared by the levels and has no bias. Backward:
 *
 * <pre>
 *   ḣ[t,l] = Σ_i ż[t,l,i] · W_iᵀ;   Ẇ_i = Σ_{t,l} h[t,l]ᵀ · ż[t,l,i]
 * </pre>
 *
 * <p>A row of z, and of ḣ, does not depend on what else is in the batch, to the bit.
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

  /**
   * Refuses tensors that do not have the batch's shape.
   *
   * @param z capsules: z or its derivative
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(String direction, Batch batch, Tensor levels, Tensor w, Tensor z) {
    String operation = "capsule_projection." + direction;
    BatchShape shape = batch.shape();
    Arguments.rows(operation, "levels", levels, Axis.ITEMS, shape.levels() * shape.d());
    Arguments.fixed(operation, "w", w, shape.interests() * shape.d(), shape.d());
    Arguments.capsules(operation, "z", z, Axis.ITEMS, shape.d());
  }
}
