package io.mgnm.ops.cuda;

/**
 * The layout of {@code item_rows.cuh}, as far as launchers count shared memory by it.
 *
 * @param d floats of a row
 */
record ItemRows(int d) {
  /** Threads of a block, ITEM_BLOCK. */
  static final int BLOCK = 256;

  private static final int PAIR_COLUMNS = 8;

  static final int WARPS = BLOCK / 32;

  /** Floats of one row alone: whole quads. */
  int width() {
    return multipleOf(4, d);
  }

  /** Floats from row to row: an odd number of quads. */
  int stride() {
    return oddQuads(d);
  }

  /** Floats of {@code rows} rows, with the zero rows behind them. */
  long floats(int rows) {
    return (long) multipleOf(PAIR_COLUMNS, rows) * stride();
  }

  static int multipleOf(int unit, int n) {
    return Math.multiplyExact(Math.ceilDiv(n, unit), unit);
  }

  static int oddQuads(int floats) {
    return 4 * (Math.ceilDiv(floats, 4) | 1);
  }

  /** Floats of a tile of pairs in shared memory. */
  static long pairs(int rows, int columns) {
    return (long) rows * oddQuads(columns);
  }
}
