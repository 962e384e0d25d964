package io.mgnm.ops.cpu;

/**
 * The lanes of one group cut into runs: neighbours that belong to one level of one history, and so
 * read the same rows. A level whose interests do not fit into what is left of a group goes on in
 * the next.
 */
final class LevelRuns {
  private final int[] lane = new int[Lanes.LANES];
  private final int[] lanes = new int[Lanes.LANES];
  private final int[] interest = new int[Lanes.LANES];
  private final int[] item = new int[Lanes.LANES];
  private final int[] level = new int[Lanes.LANES];
  private final int[] length = new int[Lanes.LANES];
  private int count;

  /** Cuts up group g. */
  void load(MicroBatch micro, int g) {
    int interests = micro.batch().shape().interests();
    count = 0;
    for (int at = 0; at < Lanes.LANES; at += lanes[count++]) {
      int history = micro.laneHistory(g, at);
      int capsule = micro.laneCapsule(g, at);
      lane[count] = at;
      interest[count] = capsule % interests;
      lanes[count] = Math.min(interests - interest[count], Lanes.LANES - at);
      level[count] = capsule / interests;
      length[count] = micro.laneLength(g, at);
      item[count] = history < 0 ? 0 : micro.begin(history);
    }
  }

  /** How many there are; together they cover all lanes. */
  int count() {
    return count;
  }

  /** First lane of run r. */
  int lane(int r) {
    return lane[r];
  }

  /** Lanes of run r. */
  int lanes(int r) {
    return lanes[r];
  }

  /**
   * The lanes of run r as bits, or none where it has ended before position t, or does not exist.
   */
  long live(int r, int t) {
    return r < count && t < length[r] ? ((1L << lanes[r]) - 1) << lane[r] : 0;
  }

  /**
   * Where position t of run r begins in levels of a micro-batch, {@code [item][level][d]}; where it
   * is not live, a place that exists.
   */
  int row(int r, int t, int levelsWidth, int d) {
    return r < count && t < length[r] ? (item[r] + t) * levelsWidth + level[r] * d : 0;
  }

  /** Interest of its first lane; the others follow. */
  int interest(int r) {
    return interest[r];
  }

  /** Positions, 0 for lanes behind the last sequence. */
  int length(int r) {
    return length[r];
  }
}
