package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.BatchShape;
import io.mgnm.ops.TopK;
import java.util.Arrays;

/**
 * Scores of all items for all histories of a batch, a tile of the table at a time. A tile is put
 * into lanes once and serves a group of histories; groups and parts of the table are pieces of work
 * for the workers. What exists at a time is one history's scores of one tile.
 */
final class CatalogueStream {
  /** Items of a tile: with 64 components it takes 64 KiB, and fewer otherwise. */
  static final int TILE = 16 * LANES;

  /** Histories that a tile serves, so that putting it into lanes does not count. */
  private static final int GROUP = 16;

  /** Pieces of work that a small batch is cut into: enough for several workers. */
  private static final int PIECES = 32;

  /** Sees the scores of items {@code [first, first + rows)} for one history. */
  interface Visitor {
    /**
     * @param part number of the history's part of the table; parts are seen by different workers
     */
    void visit(int history, int part, int first, int rows, float[] scores);
  }

  private final CpuBatch batch;
  private final CpuTensor q;
  private final CpuTensor table;
  private final TopK.Options options;
  private final int capsules;
  private final int d;
  private final int width;
  private final float[] interests; // [history][capsule][width]
  private final MicroBatch layout = new MicroBatch(0);
  private final float[] microRows; // of one micro-batch
  private final Work[] works;

  /** What one worker needs. */
  private static final class Work {
    final AttentionTile attention;
    final float[] tile;
    final float[] scores = new float[TILE];

    Work(BatchShape shape, TopK.Options options) {
      attention = new AttentionTile(shape, options.attention());
      tile = new float[TILE * shape.d()];
    }
  }

  CatalogueStream(
      CpuBackend backend, CpuBatch batch, CpuTensor q, CpuTensor table, TopK.Options options) {
    this.batch = batch;
    this.q = q;
    this.table = table;
    this.options = options;
    BatchShape shape = batch.shape();
    capsules = shape.capsules();
    d = shape.d();
    width = DenseRows.width(d);
    int perHistory = Math.multiplyExact(capsules, width);
    interests = new float[Math.multiplyExact(shape.histories(), perHistory)];
    microRows = new float[Math.multiplyExact(batch.microHistories(), perHistory)];
    works = new Work[backend.workers().size()];
    Arrays.setAll(works, i -> new Work(shape, options));
  }

  /** Parts that the table is cut into for the batch's present histories. */
  int parts() {
    int tiles = (table.rows() + TILE - 1) / TILE;
    return Math.max(1, Math.min(tiles, PIECES / Math.max(1, groups(batch.count()))));
  }

  /** The largest {@code histories · parts}. */
  int mostLists() {
    int histories = batch.shape().histories();
    return Math.min(histories * PIECES, Math.max(PIECES, groups(histories)) * GROUP);
  }

  private static int groups(int histories) {
    return (histories + GROUP - 1) / GROUP;
  }

  /** Takes the interests as they are now. Comes before the others. */
  void begin() {
    int perHistory = capsules * width;
    for (int m = 0; m < batch.microBatches(); m++) {
      layout.load(batch, m);
      DenseRows.fromLanes(layout, q, microRows);
      System.arraycopy(
          microRows,
          0,
          interests,
          layout.firstHistory() * perHistory,
          layout.histories() * perHistory);
    }
  }

  /** The piece of work that scores single items, on the way on which {@link #pieces} does. */
  float score(int history, int row, int worker) {
    Work work = works[worker];
    AttentionTile.load(table.array(), table.offset() + row * d, 1, d, work.tile, 0);
    score(work, history, 0);
    return work.scores[0];
  }

  /** How many pieces {@link #piece} is to be called for. */
  int pieces() {
    return groups(batch.count()) * parts();
  }

  /** Shows one group of histories one part of the table. */
  void piece(int piece, int worker, Visitor visitor) {
    Work work = works[worker];
    int parts = parts();
    int part = piece % parts;
    int firstHistory = piece / parts * GROUP;
    int endHistory = Math.min(batch.count(), firstHistory + GROUP);
    int tiles = (table.rows() + TILE - 1) / TILE;
    int endTile = (int) ((long) tiles * (part + 1) / parts);
    for (int t = (int) ((long) tiles * part / parts); t < endTile; t++) {
      int first = t * TILE;
      int rows = Math.min(TILE, table.rows() - first);
      load(work, first, rows);
      for (int h = firstHistory; h < endHistory; h++) {
        for (int at = 0; at < rows; at += LANES) {
          score(work, h, at);
        }
        visitor.visit(h, part, first, rows, work.scores);
      }
    }
  }

  private void load(Work work, int first, int rows) {
    for (int at = 0; at < rows; at += LANES) {
      int from = table.offset() + (first + at) * d;
      AttentionTile.load(table.array(), from, Math.min(LANES, rows - at), d, work.tile, at * d);
    }
  }

  private void score(Work work, int history, int at) {
    work.attention.attend(interests, history * capsules * width, work.tile, at * d);
    work.attention.readout(options.readout(), work.scores, at);
  }
}
