package io.mgnm.model;

import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;

/**
 * The optimizer's memory: both moments of every parameter, and how often each row was updated.
 *
 * @param itemM first moment of the item table
 * @param itemV second moment of the item table
 * @param itemSteps updates of each item row
 * @param userM first moment of the user table
 * @param userV second moment of the user table
 * @param userSteps updates of each user row
 * @param weightM first moment of the weights
 * @param weightV second moment of the weights
 */
public record Optimizer(
    Tensor itemM,
    Tensor itemV,
    IntTensor itemSteps,
    Tensor userM,
    Tensor userV,
    IntTensor userSteps,
    Tensor weightM,
    Tensor weightV) {

  /** Zero moments for the given parameters. */
  public static Optimizer allocate(Scope scope, Parameters p) {
    return new Optimizer(
        like(scope, p.items()),
        like(scope, p.items()),
        scope.ints(p.items().rows()),
        like(scope, p.users()),
        like(scope, p.users()),
        scope.ints(p.users().rows()),
        like(scope, p.weights()),
        like(scope, p.weights()));
  }

  private static Tensor like(Scope scope, Tensor tensor) {
    return scope.floats(tensor.rows(), tensor.width());
  }
}
