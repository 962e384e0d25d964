package io.mgnm.bench.peer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;

/** A parameter and Adam's moments of it; of a table, only the rows that a batch touches change. */
final class TorchTable {
  private final Settings settings;
  private final NDArray values;
  private final NDArray first;
  private final NDArray second;

  TorchTable(NDManager manager, Settings settings, float[] values, int width) {
    this.settings = settings;
    Shape shape = new Shape(values.length / width, width);
    this.values = manager.create(values, shape);
    first = manager.zeros(shape);
    second = manager.zeros(shape);
  }

  /** Leaves it to a step, so that what is made of it ends with the step. */
  void lend(NDManager step) {
    values.tempAttach(step);
    first.tempAttach(step);
    second.tempAttach(step);
  }

  /** The given rows as a parameter of their own, in the manager of {@code rows}. */
  NDArray leaf(NDArray rows) {
    NDArray leaf = values.get(new NDIndex("{}", rows));
    leaf.setRequiresGradient(true);
    return leaf;
  }

  /** All of it as a parameter. */
  NDArray leaf() {
    if (!values.hasGradient()) {
      values.setRequiresGradient(true);
    }
    return values;
  }

  /** One step of Adam on all of it, from the gradient that came back. */
  void update(long step) {
    adam(values, first, second, step);
  }

  /** One step of Adam on the given rows, from the gradient that came back to their leaf. */
  void update(NDArray rows, NDArray leaf, long step) {
    NDArray m = first.get(new NDIndex("{}", rows));
    NDArray v = second.get(new NDIndex("{}", rows));
    adam(leaf, m, v, step);
    values.set(new NDIndex("{}", rows), leaf);
    first.set(new NDIndex("{}", rows), m);
    second.set(new NDIndex("{}", rows), v);
  }

  private void adam(NDArray parameter, NDArray m, NDArray v, long step) {
    float beta1 = (float) settings.real(Key.BETA1);
    float beta2 = (float) settings.real(Key.BETA2);
    double rate =
        settings.real(Key.LEARNING_RATE)
            * Math.sqrt(1 - Math.pow(beta2, (double) step))
            / (1 - Math.pow(beta1, (double) step));
    parameter
        .getNDArrayInternal()
        .adamUpdate(
            new NDList(parameter, parameter.getGradient(), m, v),
            new NDList(parameter),
            (float) settings.real(Key.LEARNING_RATE),
            (float) rate,
            (float) settings.real(Key.L2_WEIGHT),
            1,
            -1,
            beta1,
            beta2,
            (float) settings.real(Key.EPSILON),
            true,
            false);
  }
}
