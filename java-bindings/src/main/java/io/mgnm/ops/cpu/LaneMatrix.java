package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * A matrix with 16 of its rows side by side in lanes: {@code [row / 16][column][row % 16]}.
 *
 * <p>A product C = A·B takes A in this form, with its rows in lanes, and B as the form of Bᵀ, with
 * its columns in lanes, from which single values are broadcast; C comes out with its rows in lanes.
 * Cᵀ = Bᵀ·Aᵀ would take the same two roles exchanged, so of a matrix and its transpose one has
 * whichever is wanted next. Everything is read 16 values apart, which is why no loop needs a
 * stride.
 *
 * <p>The rows of the last tile beyond the matrix must be harmless: they are computed on, and never
 * mixed with others.
 */
final class LaneMatrix {
  /** Values of a square of 16 rows and 16 columns, which lie together. */
  static final int SQUARE = LANES * LANES;

  private final float[] values;
  private int tile; // values of 16 rows

  /** Room for {@code rows} × {@code columns}, both rounded up to 16; zero at first. */
  LaneMatrix(int rows, int columns) {
    values = new float[Math.multiplyExact(padded(rows), padded(columns))];
    shape(padded(columns));
  }

  /** {@code n} rounded up to whole tiles. */
  static int padded(int n) {
    return (n + LANES - 1) / LANES * LANES;
  }

  /**
   * Says how many columns there are, padding included. The values there are stay where they are.
   */
  void shape(int columns) {
    tile = columns * LANES;
  }

  float[] values() {
    return values;
  }

  /** Where the 16 rows of tile t begin. */
  int tile(int t) {
    return t * tile;
  }

  /** Where row i of column 0 lies. */
  int row(int i) {
    return i / LANES * tile + i % LANES;
  }

  /**
   * Takes the transpose of {@code rows} rows of {@code columns} values that begin {@code stride}
   * apart in {@code source}: the values of a row come to lie in lanes. What fills up the last tile
   * becomes zero, and so do columns up to a whole tile of rows.
   */
  void loadTransposed(float[] source, int base, int stride, int rows, int columns) {
    for (int k = 0; k < columns; k += LANES) {
      int width = Math.min(LANES, columns - k);
      int to = tile(k / LANES);
      for (int i = 0; i < rows; i++) {
        copy(source, base + i * stride + k, values, to + i * LANES, width);
        if (width < LANES) {
          Arrays.fill(values, to + i * LANES + width, to + (i + 1) * LANES, 0);
        }
      }
      Arrays.fill(values, to + rows * LANES, to + padded(rows) * LANES, 0);
    }
  }

  /** The way back from {@link #loadTransposed}. */
  void storeTransposed(float[] target, int base, int stride, int rows, int columns) {
    for (int k = 0; k < columns; k += LANES) {
      int width = Math.min(LANES, columns - k);
      int from = tile(k / LANES);
      for (int i = 0; i < rows; i++) {
        copy(values, from + i * LANES, target, base + i * stride + k, width);
      }
    }
  }

  private static void copy(float[] source, int from, float[] target, int to, int width) {
    if (width < LANES) {
      System.arraycopy(source, from, target, to, width);
      return;
    }
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector.fromArray(FLOATS, source, from + p).intoArray(target, to + p);
    }
  }

  /**
   * Becomes, from {@code firstColumn} on, the transpose of a matrix of so many tiles of rows and of
   * columns.
   */
  void transpose(LaneMatrix from, int rowTiles, int columnTiles, int firstColumn) {
    int to = firstColumn * LANES;
    for (int r = 0; r < rowTiles; r++) {
      for (int c = 0; c < columnTiles; c++) {
        SquareTranspose.turn(
            from.values, from.tile(r) + c * SQUARE, values, to + tile(c) + r * SQUARE);
      }
    }
  }

  /** Zeroes everything. */
  void clear() {
    Arrays.fill(values, 0);
  }

  /** Adds the first {@code tiles} tiles of a matrix of the same shape. */
  void add(LaneMatrix other, int tiles) {
    for (int i = 0; i < tile(tiles); i += STEP) {
      FloatVector.fromArray(FLOATS, values, i)
          .add(FloatVector.fromArray(FLOATS, other.values, i))
          .intoArray(values, i);
    }
  }

  /**
   * This = A·B, rounded up to whole tiles of rows and to 4 columns.
   *
   * @param rowTiles tiles of A's rows
   * @param inner columns of A, and rows of B
   * @param transposedB Bᵀ
   * @param columns of B
   * @param firstColumn where the result goes here
   */
  void product(
      LaneMatrix a, int rowTiles, int inner, LaneMatrix transposedB, int columns, int firstColumn) {
    int to = firstColumn * LANES;
    int t = 0;
    for (; t + 1 < rowTiles; t += 2) {
      pairOfTiles(a, t, inner, transposedB, 0, columns, to);
    }
    if (t < rowTiles) {
      oneTile(a, t, inner, transposedB, 0, columns, to);
    }
  }

  /** The upper triangle of A·B, where A has as many rows as B has columns; some of the rest too. */
  void upperProduct(LaneMatrix a, int tiles, int inner, LaneMatrix transposedB) {
    int t = 0;
    for (; t + 1 < tiles; t += 2) {
      pairOfTiles(a, t, inner, transposedB, t * LANES, tiles * LANES, 0);
    }
    if (t < tiles) {
      oneTile(a, t, inner, transposedB, t * LANES, tiles * LANES, 0);
    }
  }

  private void pairOfTiles(
      LaneMatrix a, int t, int inner, LaneMatrix b, int fromColumn, int columns, int to) {
    int c = fromColumn;
    for (; c + 4 < columns; c += 8) {
      int out = tile(t) + to + c * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        LaneProducts.pair(
            LaneProducts.ZERO,
            p,
            0,
            a.values,
            a.tile(t) + p,
            a.tile,
            b.values,
            b.row(c),
            LANES,
            inner,
            values,
            out + p,
            tile);
      }
    }
    if (c < columns) {
      oneTile(a, t, inner, b, c, columns, to);
      oneTile(a, t + 1, inner, b, c, columns, to);
    }
  }

  private void oneTile(
      LaneMatrix a, int t, int inner, LaneMatrix b, int fromColumn, int columns, int to) {
    int c = fromColumn;
    for (; c + 4 < columns; c += 8) {
      int out = tile(t) + to + c * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        LaneProducts.eight(
            LaneProducts.ZERO,
            p,
            a.values,
            a.tile(t) + p,
            b.values,
            b.row(c),
            LANES,
            inner,
            values,
            out + p);
      }
    }
    if (c < columns) {
      int out = tile(t) + to + c * LANES;
      for (int p = 0; p < LANES; p += STEP) {
        LaneProducts.four(
            LaneProducts.ZERO,
            p,
            a.values,
            a.tile(t) + p,
            b.values,
            b.row(c),
            LANES,
            inner,
            values,
            out + p);
      }
    }
  }
}
