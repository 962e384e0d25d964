package io.mgnm.ops;

import java.util.List;

/**
 * {@code capsule_routing}, equations (6) to (9): dynamic routing of a history's items to its
 * capsules. One iteration, with logits g and vectors z_j of a capsule's positions j:
 *
 * <pre>
 *   c = softmax(g);   v = Σ_j c_j z_j;   o = squash(v);   g_j ← g_j + o · z_j
 * </pre>
 *
 * <p>The first iteration sees the projected vectors z; the {@link SequenceEncoder} then makes y = z
 * + encoder(z), and the others see y. Hence two halves. {@link #before} is iteration 1. {@link
 * #after} is iterations 2 to τ, from the logits that iteration 1 left; with τ = 1, which has no
 * encoder, it is the only iteration and starts from the initial logits, and {@link #before} is not
 * called.
 *
 * <p>Backward, from the last iteration to the first, with γ the derivative by the logits, 0 behind
 * the last iteration, and ȯ what came from outside there:
 *
 * <pre>
 *   ȯ = Σ_j γ_j z_j (not in the last);   v̇ = squash'(v) ȯ;   ċ_j = z_j · v̇
 *   ż_j += γ_j o + c_j v̇;   γ_j += c_j (ċ_j − Σ c ċ), the sum over what the couplings sum to one over
 * </pre>
 */
public interface CapsuleRouting {

  /** Over what the couplings of {@code softmax} sum to one. */
  enum Softmax {
    /** The positions of the history, as in (6). */
    POSITIONS,
    /** The interests of one level and position, as in other capsule networks. */
    INTERESTS
  }

  /** How far the derivative follows the couplings. */
  enum Gradient {
    /** Through every iteration. */
    FULL,
    /** The couplings of the last iteration are constants; γ is 0. */
    LAST
  }

  /** Where y replaces z. */
  enum Encoded {
    /** Everywhere after iteration 1, (10). */
    EVERYWHERE,
    /** Only in the agreement {@code g_j + o · y_j} of iteration 2, as the released code does. */
    AGREEMENT
  }

  /**
   * @param iterations τ, at least 1
   * @param softmax what the couplings sum over
   * @param gradient how far the derivative follows the couplings
   * @param encoded where y replaces z
   */
  record Options(int iterations, Softmax softmax, Gradient gradient, Encoded encoded) {
    /** Iterations that {@link #after} runs: all but the one before the encoder, if there is one. */
    public int afterEncoder() {
      return Math.max(1, iterations - 1);
    }

    /** Of z and y, or of their derivatives, the one that every v sums up. */
    public Tensor summed(Tensor z, Tensor y) {
      return encoded == Encoded.AGREEMENT ? z : y;
    }

    /** Checks τ. */
    public Options {
      if (iterations < 1) {
        throw new IllegalArgumentException(
            "routing iterations must be at least 1, got " + iterations);
      }
    }
  }

  /**
   * Iteration 1.
   *
   * @param z capsules of {@link Axis#ITEMS}, width d
   * @param logits capsules of {@link Axis#ITEMS}, width 1: g before it
   * @param updated likewise, written: g after it
   */
  void before(Batch batch, Tensor z, Tensor logits, Tensor updated);

  /**
   * The other iterations.
   *
   * @param z what {@link #before} saw; read only with {@link Encoded#AGREEMENT}
   * @param y capsules of {@link Axis#ITEMS}, width d: what the encoder made of z, or z itself
   * @param updated capsules of {@link Axis#ITEMS}, width 1: g to start from
   * @param o capsules of {@link Axis#HISTORIES}, width d, written: the last iteration's output
   */
  void after(Batch batch, Tensor z, Tensor y, Tensor updated, Tensor o);

  /**
   * The derivative of {@link #after}.
   *
   * @param dO the derivative by o
   * @param dY written
   * @param dUpdated capsules of {@link Axis#ITEMS}, width 1, written: γ by the starting logits
   * @param dZ written with {@link Encoded#AGREEMENT}: what reaches z directly; untouched otherwise
   */
  void afterBackward(
      Batch batch,
      Tensor z,
      Tensor y,
      Tensor updated,
      Tensor dO,
      Tensor dY,
      Tensor dUpdated,
      Tensor dZ);

  /**
   * The derivative of {@link #before}, added to what came back through the encoder.
   *
   * @param dUpdated γ, as {@link #afterBackward} wrote it
   * @param dDirect with {@link Encoded#AGREEMENT} the {@code dZ} of {@link #afterBackward}, which
   *     is added too; not read otherwise
   * @param dZ capsules of {@link Axis#ITEMS}, width d, read and added to
   */
  void beforeBackward(
      Batch batch, Tensor z, Tensor logits, Tensor dUpdated, Tensor dDirect, Tensor dZ);

  /**
   * Refuses tensors that do not have the batch's shape.
   *
   * @param half which of the four directions, for the message
   * @param vectors capsules of {@link Axis#ITEMS}, width d
   * @param logits capsules of {@link Axis#ITEMS}, width 1
   * @param outputs capsules of {@link Axis#HISTORIES}, width d
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(
      String half, Batch batch, List<Tensor> vectors, List<Tensor> logits, List<Tensor> outputs) {
    String operation = "capsule_routing." + half;
    int d = batch.shape().d();
    for (Tensor vector : vectors) {
      Arguments.capsules(operation, "vectors", vector, Axis.ITEMS, d);
    }
    for (Tensor logit : logits) {
      Arguments.capsules(operation, "logits", logit, Axis.ITEMS, 1);
    }
    for (Tensor output : outputs) {
      Arguments.capsules(operation, "outputs", output, Axis.HISTORIES, d);
    }
  }
}
