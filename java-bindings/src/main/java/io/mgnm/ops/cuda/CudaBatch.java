package io.mgnm.ops.cuda;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import java.util.Arrays;

/** A batch in device memory of its capacity, and what the host knows of it. */
final class CudaBatch implements Batch {
  private static final Histories EMPTY =
      new Histories(new int[0], new int[0], new int[1], new int[0], new int[0]);

  private final CudaScope scope;
  private final BatchShape shape;
  private final CudaInts samples;
  private final CudaInts users;
  private final CudaInts offsets;
  private final CudaInts items;
  private final CudaInts candidates;
  private Histories histories = EMPTY;

  CudaBatch(CudaScope scope, BatchShape shape) {
    this.scope = scope;
    this.shape = shape;
    samples = scope.allocateInts(shape.histories(), "batch: samples");
    users = scope.allocateInts(shape.histories(), "batch: users");
    offsets = scope.allocateInts(shape.histories() + 1, "batch: offsets");
    items = scope.allocateInts(shape.items(), "batch: items");
    int all = Math.multiplyExact(shape.histories(), shape.candidates());
    candidates = scope.allocateInts(all, "batch: candidates");
  }

  CudaScope scope() {
    return scope;
  }

  @Override
  public BatchShape shape() {
    return shape;
  }

  @Override
  public Tensor tensor(Axis axis, int width, Lifetime lifetime) {
    return new CudaTensor(this, axis, width, false, lifetime);
  }

  @Override
  public Tensor capsules(Axis axis, int width, Lifetime lifetime) {
    if (axis != Axis.ITEMS && axis != Axis.HISTORIES) {
      throw new IllegalArgumentException("capsules exist for items and histories, not " + axis);
    }
    return new CudaTensor(this, axis, width, true, lifetime);
  }

  @Override
  public void upload(Histories replacement) {
    scope.requireTransfer();
    replacement.check(shape);
    fill(samples, replacement.samples());
    fill(users, replacement.users());
    fill(offsets, replacement.offsets());
    fill(items, replacement.items());
    fill(candidates, replacement.candidates());
    histories = replacement;
  }

  /** Values behind those given are zero, so that nothing stale can be mistaken for a row. */
  private static void fill(CudaInts to, int[] values) {
    to.upload(Arrays.copyOf(values, to.size()));
  }

  @Override
  public Histories download() {
    scope.requireTransfer();
    int b = histories.count();
    int[] starts = Arrays.copyOf(offsets.download(), b + 1);
    return new Histories(
        Arrays.copyOf(samples.download(), b),
        Arrays.copyOf(users.download(), b),
        starts,
        Arrays.copyOf(items.download(), starts[b]),
        Arrays.copyOf(candidates.download(), b * shape.candidates()));
  }

  /** What the batch holds. */
  Histories histories() {
    return histories;
  }

  /** Rows that exist now. */
  int rows(Axis axis) {
    int b = histories.count();
    return switch (axis) {
      case HISTORIES -> b;
      case ITEMS -> histories.offsets()[b];
      case CANDIDATES -> b * shape.candidates();
      case PAIRS -> pairs();
      case FIXED -> throw new IllegalArgumentException("a batch has no fixed rows");
    };
  }

  private int pairs() {
    int pairs = 0;
    for (int h = 0; h < histories.count(); h++) {
      int n = histories.offsets()[h + 1] - histories.offsets()[h];
      pairs = Math.addExact(pairs, Math.multiplyExact(n, n));
    }
    return pairs;
  }

  /** Rows that a tensor must have room for. */
  long capacity(Axis axis) {
    long longest = shape.maxLength();
    return switch (axis) {
      case HISTORIES -> shape.histories();
      case ITEMS -> shape.items();
      case CANDIDATES -> (long) shape.histories() * shape.candidates();
      case PAIRS -> Math.min(shape.items() * longest, shape.histories() * longest * longest);
      case FIXED -> throw new IllegalArgumentException("a batch has no fixed rows");
    };
  }
}
