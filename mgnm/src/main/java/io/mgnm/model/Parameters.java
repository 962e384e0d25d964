package io.mgnm.model;

import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;

/**
 * A model's parameters in a backend's memory.
 *
 * <p>The user table has one row more than there are users: the row of users that training never
 * saw. The weights are one block ({@link WeightLayout}).
 *
 * @param items V, M × d
 * @param users U and the unseen row, (N + 1) × d
 * @param weights all weights as one row
 * @param layout where each weight stands in the block
 */
public record Parameters(Tensor items, Tensor users, Tensor weights, WeightLayout layout) {

  /** Parameters of the given sizes, all zero. */
  public static Parameters allocate(Scope scope, ModelConfig config, int items, int users) {
    WeightLayout layout = WeightLayout.of(config);
    return new Parameters(
        scope.floats(items, config.d()),
        scope.floats(users + 1, config.d()),
        scope.floats(1, layout.size()),
        layout);
  }

  /** A weight, or its place in {@code block}, which has the weights' shape. */
  Tensor part(Tensor block, String name) {
    WeightLayout.Part part = layout.part(name);
    return block.slice(part.offset(), part.rows(), part.width());
  }

  /** The row of users that training never saw. */
  public int unseenUser() {
    return users.rows() - 1;
  }
}
