package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code batch_parts}: a batch divided, rows of its parts put together, sums added up. */
final class BatchPartsRow implements Row {
  /** Histories of a part, by variant: the largest for the batch of many. */
  private static final int[] CAPACITIES = {128, 1, 2};

  /**
   * Candidates of a history where there are many histories, and most of them where there are few.
   */
  private static final int CANDIDATES = 6;

  private static final int FEW = 3;
  private static final int MOST = 300; // more than a block has threads

  private static final List<Axis> AXES = List.of(Axis.HISTORIES, Axis.ITEMS, Axis.CANDIDATES);

  @Override
  public String stem() {
    return "batch_parts";
  }

  @Override
  public List<String> directions() {
    return List.of("take", "put", "add");
  }

  @Override
  public List<String> variants() {
    return List.of("128 histories", "1 history", "2 histories");
  }

  @Override
  public void run(Subject subject, Shape shape) {
    BatchParts parts = subject.backend().batchParts();
    int[] lengths = shape.size().lengths();
    int candidates = lengths.length > FEW ? CANDIDATES : Math.clamp(shape.size().n(), 1, MOST);
    Batch whole = subject.batch(lengths, candidates, shape.d(), shape.levels(), shape.interests());
    BatchShape all = whole.shape();
    int capacity = CAPACITIES[shape.variant()];
    Batch part =
        subject
            .scope()
            .batch(
                new BatchShape(
                    capacity,
                    Math.min(all.items(), capacity * all.maxLength()),
                    all.maxLength(),
                    all.candidates(),
                    all.d(),
                    all.levels(),
                    all.interests()));
    int d = shape.d();
    List<Tensor> together =
        AXES.stream().map(axis -> Shape.output(subject, whole, "put." + axis, axis, d)).toList();
    Tensor total = subject.output("add.total", 1, d * d + 1);
    int count = Math.max(1, Math.ceilDiv(all.histories(), capacity));
    for (int i = 0; i < count; i++) {
      parts.take(whole, i, part);
      if (i < 2 || i == count - 1) {
        taken(subject, "take.part " + i + " ", part.download());
      }
      for (int a = 0; a < AXES.size(); a++) {
        Tensor rows = subject.input(part.tensor(AXES.get(a), d, Lifetime.KEPT), 1);
        parts.put(whole, i, part, rows, together.get(a));
      }
      parts.add(i, subject.input(subject.scope().floats(1, total.size()), 1), total);
    }
  }

  private static void taken(Subject subject, String name, Histories part) {
    Shape.results(subject, name + "samples", Shape.floats(part.samples()));
    Shape.results(subject, name + "users", Shape.floats(part.users()));
    Shape.results(subject, name + "offsets", Shape.floats(part.offsets()));
    Shape.results(subject, name + "items", Shape.floats(part.items()));
    Shape.results(subject, name + "candidates", Shape.floats(part.candidates()));
  }
}
