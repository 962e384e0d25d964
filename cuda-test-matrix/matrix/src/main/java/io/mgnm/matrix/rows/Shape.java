package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;

/**
 * All that decides a case of a row: its size and what is constant in a run.
 *
 * @param size of the batch, or rows
 * @param d embedding size
 * @param levels L + 1
 * @param interests K
 * @param variant which of the row's options
 */
public record Shape(Size size, int d, int levels, int interests, int variant) {
  private static final int CANDIDATES = 6;

  /** A batch of the size's histories. */
  public Batch batch(Subject subject) {
    return subject.batch(size.lengths(), CANDIDATES, d, levels, interests);
  }

  /** A tensor of the batch with random numbers. */
  static Tensor input(Subject subject, Batch batch, Axis axis, int width, double scale) {
    return subject.input(batch.tensor(axis, width, Lifetime.KEPT), scale);
  }

  /** A poisoned tensor of the batch that is compared. */
  static Tensor output(Subject subject, Batch batch, String name, Axis axis, int width) {
    return subject.output(name, batch.tensor(axis, width, Lifetime.KEPT));
  }

  /** For random inputs, the same in every run. */
  public long seed(String stem) {
    return (stem + this).hashCode();
  }

  @Override
  public String toString() {
    return "%s/d%d/%dx%d/v%d".formatted(size, d, levels, interests, variant);
  }
}
