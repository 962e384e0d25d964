package io.mgnm.ops.cpu;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import java.util.Arrays;

/**
 * A batch as arrays of its capacity, and its division into micro-batches.
 *
 * <p>A micro-batch is a run of consecutive histories whose capsule tensors together fit into a
 * second-level cache, one history at least, and after them those whose capsules stand in lanes that
 * would be empty. These do not count: where they are longer than the others, so is the micro-batch.
 * The rule depends on sizes only, never on the machine or its threads: the division decides the
 * order of sums, and so bits.
 */
final class CpuBatch implements Batch {
  /** What a micro-batch's tensors may take before it is filled: three quarters of a 1 MiB cache. */
  private static final int CACHE_BYTES = 3 << 18;

  /** Float vectors of d lanes·components that a position needs at a time, forward to backward. */
  private static final int VECTORS_A_POSITION = 10;

  /** Candidates of a micro-batch, unless one history has more. */
  private static final int CANDIDATES = 4096;

  private final CpuScope scope;
  private final BatchShape shape;
  private final int budgetItems;
  private final int budgetHistories;

  final int[] samples;
  final int[] users;
  final int[] offsets;
  final int[] items;
  final int[] candidates;
  private int count;

  private int microBatches;
  private final int[] firstHistory; // of each micro-batch, and the count behind the last
  private final int[] firstPosition; // capsule positions before each micro-batch
  private final int[] firstGroup; // lane groups before each micro-batch
  private final long[] firstPair; // pairs of items before each micro-batch
  private final MicroBatch counting; // lays out micro-batches only to count

  CpuBatch(CpuScope scope, BatchShape shape) {
    this.scope = scope;
    this.shape = shape;
    int bytes = Float.BYTES * Lanes.LANES * VECTORS_A_POSITION * shape.d();
    int positions = Math.max(Lanes.LANES, CACHE_BYTES / bytes);
    budgetItems = Math.max(1, positions * Lanes.LANES / shape.capsules());
    budgetHistories = Math.max(1, CANDIDATES / Math.max(1, shape.candidates()));
    samples = new int[shape.histories()];
    users = new int[shape.histories()];
    offsets = new int[shape.histories() + 1];
    items = new int[shape.items()];
    candidates = new int[Math.multiplyExact(shape.histories(), shape.candidates())];
    firstHistory = new int[shape.histories() + 1];
    firstPosition = new int[shape.histories() + 1];
    firstGroup = new int[shape.histories() + 1];
    firstPair = new long[shape.histories() + 1];
    counting = new MicroBatch(-1);
  }

  @Override
  public BatchShape shape() {
    return shape;
  }

  CpuScope scope() {
    return scope;
  }

  @Override
  public Tensor tensor(Axis axis, int width, Lifetime lifetime) {
    return new CpuTensor(this, axis, width, false, lifetime);
  }

  @Override
  public Tensor capsules(Axis axis, int width, Lifetime lifetime) {
    if (axis != Axis.ITEMS && axis != Axis.HISTORIES) {
      throw new IllegalArgumentException("capsules exist for items and histories, not " + axis);
    }
    return new CpuTensor(this, axis, width, true, lifetime);
  }

  @Override
  public void upload(Histories histories) {
    scope.requireOpen();
    histories.check(shape);
    int b = histories.count();
    System.arraycopy(histories.samples(), 0, samples, 0, b);
    System.arraycopy(histories.users(), 0, users, 0, b);
    System.arraycopy(histories.offsets(), 0, offsets, 0, b + 1);
    System.arraycopy(histories.items(), 0, items, 0, histories.items().length);
    System.arraycopy(histories.candidates(), 0, candidates, 0, histories.candidates().length);
    setCount(b);
  }

  @Override
  public Histories download() {
    scope.requireOpen();
    return new Histories(
        Arrays.copyOf(samples, count),
        Arrays.copyOf(users, count),
        Arrays.copyOf(offsets, count + 1),
        Arrays.copyOf(items, offsets[count]),
        Arrays.copyOf(candidates, count * shape.candidates()));
  }

  /** Histories held now. */
  int count() {
    return count;
  }

  /** Says that the arrays now hold {@code histories} histories, and divides them. */
  void setCount(int histories) {
    count = histories;
    microBatches = 0;
    int history = 0;
    while (history < count) {
      firstHistory[microBatches] = history;
      history = endOfMicroBatch(history);
      firstHistory[microBatches + 1] = history;
      counting.load(this, microBatches);
      firstPosition[microBatches + 1] = firstPosition[microBatches] + counting.positions();
      firstGroup[microBatches + 1] = firstGroup[microBatches] + counting.groups();
      firstPair[microBatches + 1] = firstPair[microBatches] + counting.pairs();
      microBatches++;
    }
  }

  private int endOfMicroBatch(int first) {
    int end = first + 1;
    while (end < count
        && end - first < budgetHistories
        && (offsets[end + 1] - offsets[first] <= budgetItems
            || groups(end + 1 - first) == groups(end - first))) {
      end++;
    }
    return end;
  }

  /** Groups of lanes that the capsules of so many histories take. */
  private long groups(long histories) {
    return Math.ceilDiv(histories * shape.capsules(), (long) Lanes.LANES);
  }

  int microBatches() {
    return microBatches;
  }

  int firstHistory(int microBatch) {
    return firstHistory[microBatch];
  }

  int firstPosition(int microBatch) {
    return firstPosition[microBatch];
  }

  int firstGroup(int microBatch) {
    return firstGroup[microBatch];
  }

  long firstPair(int microBatch) {
    return firstPair[microBatch];
  }

  /** Rows that exist now. */
  int rows(Axis axis) {
    return switch (axis) {
      case HISTORIES -> count;
      case ITEMS -> offsets[count];
      case CANDIDATES -> count * shape.candidates();
      case PAIRS -> Math.toIntExact(firstPair[microBatches]);
      case FIXED -> throw new IllegalArgumentException("a batch has no fixed rows");
    };
  }

  /** Histories of one micro-batch, at most. */
  int microHistories() {
    return Math.min(shape.histories(), Math.min(budgetHistories, microItems()));
  }

  /** Items of one micro-batch, at most. */
  int microItems() {
    int fill = (Lanes.LANES - 1) / shape.capsules(); // histories that lanes left empty can take
    return Math.addExact(
        Math.max(budgetItems, shape.maxLength()), Math.multiplyExact(fill, shape.maxLength()));
  }

  /**
   * Values that a tensor must have room for.
   *
   * @param micro room for one micro-batch instead of the whole batch
   */
  int capacity(Axis axis, int width, boolean capsules, boolean micro) {
    long histories = micro ? microHistories() : shape.histories();
    long items = micro ? Math.min(microItems(), shape.items()) : shape.items();
    int s = shape.capsules();
    long rows =
        switch (axis) {
          case HISTORIES -> capsules ? groupsAtMost(histories, micro) * Lanes.LANES : histories;
          case ITEMS -> capsules ? positions(histories, items, s, micro) * Lanes.LANES : items;
          case CANDIDATES -> histories * shape.candidates();
          case PAIRS -> Math.min(items * shape.maxLength(), histories * square(shape.maxLength()));
          case FIXED -> throw new IllegalArgumentException("a batch has no fixed rows");
        };
    return Math.toIntExact(Math.multiplyExact(rows, (long) width));
  }

  private static long square(long n) {
    return n * n;
  }

  /** Each micro-batch rounds its lanes up to whole groups. */
  private long groupsAtMost(long histories, boolean micro) {
    boolean exact = shape.capsules() % Lanes.LANES == 0;
    return exact || micro ? groups(histories) : groups(histories) + histories;
  }

  /**
   * With histories sorted by length, a group is no longer than any lane of the group before it, so
   * all but the first waste nothing beyond what the lanes before them fill.
   */
  private long positions(long histories, long items, int s, boolean micro) {
    if (s % Lanes.LANES == 0) {
      return items * s / Lanes.LANES;
    }
    long filled = (items * s + Lanes.LANES - 1) / Lanes.LANES;
    return micro ? filled + shape.maxLength() : filled + histories + longestFirstGroups(histories);
  }

  /** The first group of every micro-batch may be as long as its longest history. */
  private long longestFirstGroups(long histories) {
    return Math.min(histories * shape.maxLength(), (long) shape.items());
  }
}
