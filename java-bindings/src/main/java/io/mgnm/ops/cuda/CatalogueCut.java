package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaDevice;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.TopK;
import java.util.Map;

/**
 * How {@code top_k.cu} shares out histories × items: blocks of a group of histories and a part of
 * the table. Results do not depend on it.
 *
 * @param constants compile-time sizes
 * @param group histories of a block
 * @param chunk rows of a part, whole tiles
 * @param parts of the table
 * @param room keys of a list's region
 * @param bytes shared memory of a block
 */
record CatalogueCut(
    Map<String, Integer> constants, int group, int chunk, int parts, int room, int bytes) {
  private static final int BLOCK = 128;
  private static final int MOST_GROUP = 16;
  private static final int SORTED_KEYS = 2048;

  /** Interests of a group; what else a block needs leaves room for several blocks. */
  private static final int INTEREST_BYTES = 32 << 10;

  /** Blocks that a multiprocessor holds at once, at most, by their registers. */
  private static final int BLOCKS_WANTED = 3;

  /** Tiles of a part, at least: a list's first one is sorted as a whole. */
  private static final int LEAST_TILES = 2;

  static CatalogueCut of(
      BatchShape shape, TopK.Options options, CudaTensor table, int k, CudaDevice device) {
    int d = shape.d();
    boolean joint = options.attention() == Attention.JOINT;
    int per = d > 40 ? 1 : d > 16 || joint ? 2 : 4;
    int tile = BLOCK * per;
    int width = Math.ceilDiv(d, 4) * 4;
    int history = 4 * (shape.capsules() * width / 4 | 1);
    int group = Math.clamp(INTEREST_BYTES / (4L * history), 1, MOST_GROUP);
    int rows = Math.max(BLOCK * width, 2 * SORTED_KEYS);
    int floats = group * history + rows + group * (tile / 32 | 1);
    // As many parts as fill the device, but none shorter than what a list keeps anyway.
    int groups = Math.ceilDiv(shape.histories(), group);
    long tiles = Math.max(1, Math.ceilDiv(table.rows(), tile));
    long wanted = Math.ceilDiv(BLOCKS_WANTED * device.multiprocessors(), groups);
    long most = Math.max(1, table.rows() / Math.max((long) LEAST_TILES * tile, 2L * k));
    int parts = (int) Math.min(Math.min(wanted, most), tiles);
    int chunk = Math.toIntExact(Math.ceilDiv(tiles, parts) * tile);
    return new CatalogueCut(
        Map.of(
            "D",
            d,
            "K",
            shape.interests(),
            "LEVELS",
            shape.levels(),
            "JOINT",
            joint ? 1 : 0,
            "SUM",
            options.readout() == Readout.SUM ? 1 : 0,
            "VECTOR",
            d % 4 == 0 && table.aligned16() ? 4 : 1,
            "GROUP",
            group,
            "PER",
            per),
        group,
        chunk,
        Math.max(1, Math.ceilDiv(table.rows(), chunk)),
        room(k, tile),
        4 * floats);
  }

  /** What a list may hold before it is sorted, and a tile: a power of two, for sorting. */
  private static int room(int k, int tile) {
    long least = k + Math.max(k / 2L, 128) + tile;
    return Math.toIntExact(Long.highestOneBit(least - 1) << 1);
  }
}
