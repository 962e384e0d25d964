package io.mgnm.ops.cpu;

import java.util.Arrays;

/**
 * A run of consecutive histories that one worker takes through a section of operations, and the
 * places of its capsules in lanes.
 *
 * <p>A history has S = levels · interests sequences of one length. The sequences of all histories,
 * longest history first, are dealt to lanes in the order (history, level, interest): sequence q
 * stands in group q / 16, lane q % 16. Where 16 divides S, histories keep their order and every
 * group has one length. Otherwise a group is as long as its longest lane, a shorter lane ends at
 * its own {@link #laneLength}, and lanes behind the last sequence have length 0.
 *
 * <p>A capsule tensor of width w has the value of position t, component k, lane l of group g at
 * {@code base + ((groupPosition(g) + t) · w + k) · 16 + l} for items, {@code base + (g · w + k) ·
 * 16 + l} for histories.
 */
final class MicroBatch {
  private final int worker;
  private CpuBatch batch;
  private int index;
  private int slot;
  private int first;
  private int histories;
  private int capsules;
  private int groups;
  private int positions;
  private int pairs;
  private boolean uniform;
  private int[] order = new int[0]; // local histories, longest first
  private int[] groupPosition = new int[0];
  private int[] groupLength = new int[0];
  private float[] laneLengths = new float[0]; // [group][16]; of no use where all are one length
  private boolean[] ragged = new boolean[0];

  MicroBatch(int worker) {
    this.worker = worker;
  }

  /** Lays out micro-batch {@code number} of the batch. */
  void load(CpuBatch from, int number) {
    batch = from;
    index = number;
    first = from.firstHistory(number);
    histories = from.firstHistory(number + 1) - first;
    capsules = from.shape().capsules();
    uniform = capsules % Lanes.LANES == 0;
    groups = (histories * capsules + Lanes.LANES - 1) / Lanes.LANES;
    if (order.length < histories || groupLength.length < groups) {
      order = new int[Math.max(histories, from.microHistories())];
      groupPosition = new int[Math.max(groups, order.length * capsules / Lanes.LANES + 1)];
      groupLength = new int[groupPosition.length];
      laneLengths = new float[groupPosition.length * Lanes.LANES];
      ragged = new boolean[groupPosition.length];
    }
    sort();
    positions = 0;
    for (int g = 0; g < groups; g++) {
      groupPosition[g] = positions;
      groupLength[g] = length(order[g * Lanes.LANES / capsules]);
      positions += groupLength[g];
      measureLanes(g);
    }
    pairs = 0;
    for (int h = 0; h < histories; h++) {
      pairs = Math.addExact(pairs, Math.multiplyExact(length(h), length(h)));
    }
  }

  private void measureLanes(int g) {
    ragged[g] = false;
    if (uniform) {
      return;
    }
    for (int lane = 0; lane < Lanes.LANES; lane++) {
      int length = laneLength(g, lane);
      laneLengths[g * Lanes.LANES + lane] = length;
      ragged[g] |= length < groupLength[g];
    }
  }

  private void sort() {
    for (int h = 0; h < histories; h++) {
      order[h] = h;
    }
    if (uniform) {
      return;
    }
    for (int i = 1; i < histories; i++) { // insertion: stable, and the runs are short
      int h = order[i];
      int j = i;
      while (j > 0 && length(order[j - 1]) < length(h)) {
        order[j] = order[j - 1];
        j--;
      }
      order[j] = h;
    }
  }

  /** Which worker runs it: the index of that worker's own buffers. */
  int worker() {
    return worker;
  }

  /** Its number in the batch. */
  int index() {
    return index;
  }

  CpuBatch batch() {
    return batch;
  }

  /** Which of the fixed slots its contributions to sums go to. */
  int slot() {
    return slot;
  }

  void setSlot(int slot) {
    this.slot = slot;
  }

  /** Histories in it; local history h is history {@code firstHistory() + h} of the batch. */
  int histories() {
    return histories;
  }

  int firstHistory() {
    return first;
  }

  /** Items in it. */
  int items() {
    return batch.offsets[first + histories] - batch.offsets[first];
  }

  /** The batch's number of its first item. */
  int firstItem() {
    return batch.offsets[first];
  }

  /** First item of local history h, counted inside the micro-batch. */
  int begin(int h) {
    return batch.offsets[first + h] - batch.offsets[first];
  }

  /** Items of local history h. */
  int length(int h) {
    return batch.offsets[first + h + 1] - batch.offsets[first + h];
  }

  /** Lane groups in it. */
  int groups() {
    return groups;
  }

  /** Capsule positions in it, over all groups. */
  int positions() {
    return positions;
  }

  /** Ordered pairs of items of one history. */
  int pairs() {
    return pairs;
  }

  /** Positions before group g. */
  int groupPosition(int g) {
    return groupPosition[g];
  }

  /** Positions of group g: the length of its longest lane. */
  int groupLength(int g) {
    return groupLength[g];
  }

  /** Whether every lane is live and every group has one length, so that nothing needs a mask. */
  boolean uniform() {
    return uniform;
  }

  /** The local history of a lane, or -1 behind the last sequence. */
  int laneHistory(int g, int lane) {
    int sequence = g * Lanes.LANES + lane;
    return sequence < histories * capsules ? order[sequence / capsules] : -1;
  }

  /** {@code level · interests + interest} of a lane. */
  int laneCapsule(int g, int lane) {
    return (g * Lanes.LANES + lane) % capsules;
  }

  /** Positions of a lane, 0 behind the last sequence. */
  int laneLength(int g, int lane) {
    int history = laneHistory(g, lane);
    return history < 0 ? 0 : length(history);
  }

  /** {@link #laneLength} of all lanes, {@code [group][16]}, unless {@link #uniform}. */
  float[] laneLengths() {
    return laneLengths;
  }

  /** Whether a lane is shorter than its group. */
  boolean ragged(int g) {
    return ragged[g];
  }

  @Override
  public String toString() {
    return "micro-batch "
        + index
        + " of histories "
        + first
        + " to "
        + (first + histories)
        + ", order "
        + Arrays.toString(Arrays.copyOf(order, histories));
  }
}
