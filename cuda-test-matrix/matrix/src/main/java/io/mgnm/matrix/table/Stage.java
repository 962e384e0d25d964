package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.stream.IntStream;

/**
 * What scenes are made of: a batch of the model's default sizes, in which all histories have the
 * same length, so that arrays without gaps can stand for it.
 */
final class Stage {
  /** B. */
  static final int HISTORIES = 256;

  /** Items of each history. */
  static final int ITEMS = 50;

  /** C. */
  static final int CANDIDATES = 6;

  /** d. */
  static final int D = 16;

  /** L + 1. */
  static final int LEVELS = 4;

  /** K. */
  static final int INTERESTS = 4;

  /** (L + 1)·K. */
  static final int CAPSULES = LEVELS * INTERESTS;

  /** Rows of the item table. */
  static final int CATALOGUE = 20_000;

  /** Rows of the user table. */
  static final int USERS = 5_000;

  private final Subject subject;
  private final Eager eager;
  private final Batch batch;

  Stage(Subject subject, Eager eager, int histories) {
    this.subject = subject;
    this.eager = eager;
    this.batch =
        subject
            .scope()
            .batch(
                new BatchShape(
                    histories, histories * ITEMS, ITEMS, CANDIDATES, D, LEVELS, INTERESTS));
    batch.upload(
        new Histories(
            IntStream.range(0, histories).toArray(),
            draw(histories, USERS),
            IntStream.rangeClosed(0, histories).map(h -> h * ITEMS).toArray(),
            draw(histories * ITEMS, CATALOGUE),
            draw(histories * CANDIDATES, CATALOGUE)));
  }

  /** A stage with fewer histories, for what would take a simulated device too long. */
  Stage withHistories(int histories) {
    return new Stage(subject, eager, histories);
  }

  /** Random integers below a bound. */
  int[] draw(int count, int bound) {
    return subject.random().ints(count, 0, bound).toArray();
  }

  Subject subject() {
    return subject;
  }

  Backend backend() {
    return subject.backend();
  }

  Scope scope() {
    return subject.scope();
  }

  Eager eager() {
    return eager;
  }

  Batch batch() {
    return batch;
  }

  /** Random numbers in a tensor of the batch. */
  Tensor input(Axis axis, int width, double scale) {
    return subject.input(batch.tensor(axis, width, Lifetime.KEPT), scale);
  }

  /** Random numbers in capsules of the batch. */
  Tensor inputCapsules(Axis axis, int width, double scale) {
    return subject.input(batch.capsules(axis, width, Lifetime.KEPT), scale);
  }

  /** Random weights of d rows each, of a size that keeps lengths. */
  Tensor weights(int rows, int width) {
    return subject.input(scope().floats(rows, width), 1 / Math.sqrt(D));
  }

  Tensor output(Axis axis, int width) {
    return batch.tensor(axis, width, Lifetime.KEPT);
  }

  Tensor outputCapsules(Axis axis, int width) {
    return batch.capsules(axis, width, Lifetime.KEPT);
  }

  /** The values of a tensor as an array. */
  Array array(Tensor tensor, int... shape) {
    return eager.of(tensor.download(), shape);
  }
}
