package io.mgnm.model;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;

/**
 * A batch on its way through the network: at once, or where memory is short in parts, one after
 * another in the room of one. What the optimizer needs, derivatives by row and the weights' sums,
 * is of the whole batch either way.
 */
final class Passes {
  private final BatchParts parts;
  private final int count;
  private final Batch whole;
  private final Batch part; // the whole where there is one pass

  /**
   * @param count at most; 1 for all histories at once
   */
  Passes(
      Backend backend, Scope scope, ModelConfig config, int histories, int candidates, int count) {
    int capacity = Math.ceilDiv(histories, count);
    this.parts = backend.batchParts();
    this.count = Math.ceilDiv(histories, capacity);
    whole = scope.batch(config.batch(histories, candidates));
    part = this.count == 1 ? whole : scope.batch(config.batch(capacity, candidates));
  }

  /** How many there are. */
  int count() {
    return count;
  }

  /** The batch of the step. */
  Batch whole() {
    return whole;
  }

  /** What goes through the network at a time. */
  Batch part() {
    return part;
  }

  /** The capacity of {@link #whole}. */
  BatchShape shape() {
    return whole.shape();
  }

  /** Where a part's rows are gathered: the rows themselves where the part is the whole. */
  Tensor gathered(Axis axis, Tensor rows) {
    return count == 1 ? rows : whole.tensor(axis, rows.width(), Lifetime.KEPT);
  }

  /** Where a part's sum is added up: the sum itself where the part is the whole. */
  Tensor total(Scope scope, Tensor sum) {
    return count == 1 ? sum : scope.floats(sum.rows(), sum.width());
  }

  /** Before the network sees a part. */
  void take(int number) {
    if (count > 1) {
      parts.take(whole, number, part);
    }
  }

  /** After it. */
  void put(int number, Tensor rows, Tensor gathered) {
    if (count > 1) {
      parts.put(whole, number, part, rows, gathered);
    }
  }

  /** Likewise. */
  void add(int number, Tensor sum, Tensor total) {
    if (count > 1) {
      parts.add(number, sum, total);
    }
  }
}
