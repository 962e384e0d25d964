package io.mgnm.ops.reference;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;

/** A batch as host arrays. */
final class ReferenceBatch implements Batch {
  private final ReferenceScope scope;
  private final BatchShape shape;
  private Histories histories =
      new Histories(new int[0], new int[0], new int[1], new int[0], new int[0]);

  ReferenceBatch(ReferenceScope scope, BatchShape shape) {
    this.scope = scope;
    this.shape = shape;
  }

  static ReferenceBatch of(Batch batch) {
    if (batch instanceof ReferenceBatch reference) {
      reference.scope.requireOpen();
      return reference;
    }
    throw new IllegalArgumentException("a batch of another backend was given to 'reference'");
  }

  @Override
  public BatchShape shape() {
    return shape;
  }

  @Override
  public Tensor tensor(Axis axis, int width, Lifetime lifetime) {
    return new ReferenceTensor(scope, this, axis, width, false);
  }

  @Override
  public Tensor capsules(Axis axis, int width, Lifetime lifetime) {
    return new ReferenceTensor(scope, this, axis, width, true);
  }

  @Override
  public void upload(Histories replacement) {
    replacement.check(shape);
    histories = replacement;
  }

  @Override
  public Histories download() {
    return histories;
  }

  Histories histories() {
    return histories;
  }

  int count() {
    return histories.count();
  }

  /** First item of history b. */
  int begin(int b) {
    return histories.offsets()[b];
  }

  /** One past the last item of history b. */
  int end(int b) {
    return histories.offsets()[b + 1];
  }

  /** First pair of history b. */
  int firstPair(int b) {
    int pairs = 0;
    for (int h = 0; h < b; h++) {
      int n = end(h) - begin(h);
      pairs = Math.addExact(pairs, Math.multiplyExact(n, n));
    }
    return pairs;
  }

  /** What to do with one capsule's sequence of items {@code [begin, end)}. */
  interface SequenceVisitor {
    void visit(int begin, int end, int level, int interest);
  }

  /** Visits every capsule's sequence, history by history. */
  void eachSequence(SequenceVisitor visitor) {
    for (int b = 0; b < count(); b++) {
      for (int level = 0; level < shape.levels(); level++) {
        for (int interest = 0; interest < shape.interests(); interest++) {
          visitor.visit(begin(b), end(b), level, interest);
        }
      }
    }
  }

  int rows(Axis axis) {
    return switch (axis) {
      case HISTORIES -> count();
      case ITEMS -> histories.items().length;
      case CANDIDATES -> count() * shape.candidates();
      case PAIRS -> firstPair(count());
      case FIXED -> throw new IllegalArgumentException("a batch has no fixed rows");
    };
  }
}
