package io.mgnm.ops;

/**
 * {@code capsule_squash}, equation (7): a vector's direction with its length pressed below one.
 *
 * <pre>
 *   o = φ·v,  φ = r/(1 + r²),  r = |v|;   o = 0 at v = 0
 *   v̇ = φ·ȯ + φ'·(e·ȯ)·v,  φ' = (1 − r²)/(1 + r²)²,  e = v/r;   v̇ = 0 at v = 0
 * </pre>
 *
 * <p>Rows are independent and their number is free; d is the tensors' width. A norm whose square
 * would overflow gives the limit: o = e. Same bits from run to run.
 */
public interface CapsuleSquash {

  /**
   * @param v fixed rows × d, read
   * @param o of v's shape, written; may be {@code v}
   */
  void forward(Tensor v, Tensor o);

  /**
   * @param v as given to {@link #forward}
   * @param dO of v's shape, the derivative by o
   * @param dV of v's shape, written; may be {@code dO}
   */
  void backward(Tensor v, Tensor dO, Tensor dV);

  /**
   * Refuses tensors that do not have the shape of {@code v}.
   *
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(String direction, Tensor v, Tensor... others) {
    String operation = "capsule_squash." + direction;
    Arguments.fixed(operation, "v", v, -1, v.width());
    for (Tensor other : others) {
      Arguments.fixed(operation, "tensor beside v", other, v.rows(), v.width());
    }
  }
}
