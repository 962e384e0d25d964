package io.mgnm.ops.cuda;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.ElementType;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A batch in device memory of its capacity. Kernels read from {@link #live} how many histories it
 * holds, since a batch may be drawn on the device; the host asks for that when it wants to know.
 */
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
  private final CudaInts live;
  private final Map<String, DeviceBuffer> scratch = new HashMap<>();
  private Histories histories = EMPTY; // null where the device knows better
  private Supplier<int[]> drawnLengths; // of what the device drew last

  CudaBatch(CudaScope scope, BatchShape shape) {
    this.scope = scope;
    this.shape = shape;
    samples = scope.allocateInts(shape.histories(), "batch: samples");
    users = scope.allocateInts(shape.histories(), "batch: users");
    offsets = scope.allocateInts(shape.histories() + 1, "batch: offsets");
    items = scope.allocateInts(shape.items(), "batch: items");
    int all = Math.multiplyExact(shape.histories(), shape.candidates());
    candidates = scope.allocateInts(all, "batch: candidates");
    live = scope.allocateInts(1, "batch: live histories");
  }

  CudaScope scope() {
    return scope;
  }

  /** Sample number of each history, of the capacity. */
  DeviceBuffer samples() {
    return samples.buffer();
  }

  /** User row of each history, of the capacity. */
  DeviceBuffer users() {
    return users.buffer();
  }

  /** Where each history's items begin, and the end of the last, of the capacity. */
  DeviceBuffer offsets() {
    return offsets.buffer();
  }

  /** Item rows, of the capacity. */
  DeviceBuffer items() {
    return items.buffer();
  }

  /** Candidate rows, of the capacity. */
  DeviceBuffer candidates() {
    return candidates.buffer();
  }

  /** One integer: how many histories it holds. */
  DeviceBuffer live() {
    return live.buffer();
  }

  /**
   * Room for what lies between two kernels of one operation, kept as long as the batch. Operations
   * run one after another, so those that ask for the same label and size share it.
   */
  DeviceBuffer scratch(String label, long floats) {
    return scratch(label, ElementType.FLOAT32, floats);
  }

  /** The same of any type. */
  DeviceBuffer scratch(String label, ElementType type, long count) {
    return scratch.computeIfAbsent(
        "%s: %d %s".formatted(label, count, type),
        name -> scope.allocateScratch(type, count, name));
  }

  /**
   * The device has drawn other histories, or is going to.
   *
   * @param lengths of each, as the host can work them out
   */
  void drawnOnDevice(Supplier<int[]> lengths) {
    histories = null;
    drawnLengths = lengths;
  }

  /** The device has filled it with part of another batch, or is going to. */
  void takenOnDevice(CudaBatch whole, int first) {
    drawnOnDevice(
        () -> {
          int[] all = whole.lengths();
          int end = Math.min(first + shape.histories(), all.length);
          return Arrays.copyOfRange(all, Math.min(first, end), end);
        });
  }

  /** Length of each history that it holds, without waiting for the device. */
  int[] lengths() {
    if (histories == null) {
      return drawnLengths.get();
    }
    int[] lengths = new int[histories.count()];
    Arrays.setAll(lengths, h -> histories.offsets()[h + 1] - histories.offsets()[h]);
    return lengths;
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
    live.upload(new int[] {replacement.count()});
    histories = replacement;
  }

  /** Values behind those given are zero, so that nothing stale can be mistaken for a row. */
  private static void fill(CudaInts to, int[] values) {
    to.upload(Arrays.copyOf(values, to.size()));
  }

  @Override
  public Histories download() {
    scope.requireTransfer();
    int b = live.download()[0];
    int[] starts = Arrays.copyOf(offsets.download(), b + 1);
    return new Histories(
        Arrays.copyOf(samples.download(), b),
        Arrays.copyOf(users.download(), b),
        starts,
        Arrays.copyOf(items.download(), starts[b]),
        Arrays.copyOf(candidates.download(), b * shape.candidates()));
  }

  /** What the batch holds, as the host knows or learns by waiting for the device. */
  Histories histories() {
    if (histories == null) {
      histories = download();
    }
    return histories;
  }

  /** Rows that exist now. */
  int rows(Axis axis) {
    Histories now = histories();
    int b = now.count();
    return switch (axis) {
      case HISTORIES -> b;
      case ITEMS -> now.offsets()[b];
      case CANDIDATES -> b * shape.candidates();
      case PAIRS -> pairs(now);
      case FIXED -> throw new IllegalArgumentException("a batch has no fixed rows");
    };
  }

  private static int pairs(Histories now) {
    int pairs = 0;
    for (int h = 0; h < now.count(); h++) {
      int n = now.offsets()[h + 1] - now.offsets()[h];
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
