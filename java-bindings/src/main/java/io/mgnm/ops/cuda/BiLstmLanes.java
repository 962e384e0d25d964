package io.mgnm.ops.cuda;

import io.mgnm.ops.BiLstm;

/**
 * How the lanes of one direction of {@code bilstm} share its work: {@code Lanes} of {@code
 * bilstm_lanes.cuh}, whose sizes these are.
 *
 * @param d width of a row
 * @param h units of a direction
 * @param split lanes that share the inputs of a unit
 * @param together sequences of a group, which those lanes share too
 * @param groups groups of a tile
 */
record BiLstmLanes(int d, int h, int split, int together, int groups) {
  private static final int WARP = 32;
  private static final int QUAD = 4;
  private static final int GATES = 4;

  BiLstmLanes(BiLstm.Options options, int split, int together, int groups) {
    this(options.d(), options.hidden(), split, together, groups);
  }

  /** Floats of a padded row. */
  int paddedWidth() {
    return whole(d, QUAD);
  }

  /** Floats of a direction's padded states. */
  int paddedHidden() {
    return whole(h, QUAD);
  }

  /** Quads of the inputs z and h that a lane takes. */
  int pieces() {
    return Math.ceilDiv((paddedWidth() + paddedHidden()) / QUAD, split);
  }

  /** Quads of h alone. */
  int statePieces() {
    return Math.ceilDiv(paddedHidden() / QUAD, split);
  }

  /** Of the 4 h gates of all units, those that a lane takes. */
  int unitGates() {
    int left = h % split * GATES;
    boolean divides = left == split || left == 2 * split;
    return h / split * GATES + (divides ? left / split : left > 0 ? GATES : 0);
  }

  /** Sequences of a tile. */
  int sequences() {
    return groups * together;
  }

  /** Threads of a direction. */
  int threads() {
    return whole(groups * h, WARP / split) * split;
  }

  /** Floats of all windows of a direction, for windows of {@code floats} a sequence. */
  int windows(int floats) {
    int window = banked(floats, together > 1 ? WARP / together : h);
    return groups * banked(together * window, h);
  }

  /** Floats of a direction's weights in shared memory: {@code SharedWeights}. */
  int sharedWeights(boolean projected) {
    boolean quads = split == 8 && d % QUAD == 0 && h % QUAD == 0;
    int gateRow = GATES * h + (quads ? 8 : split < 8 ? 8 / split : 1);
    int gateRows = d + h + 1;
    return gateRows * gateRow
        + (quads ? gateRows / QUAD * QUAD : 0)
        + (projected ? h * (d + 1) : 0);
  }

  static int whole(int n, int unit) {
    return Math.ceilDiv(n, unit) * unit;
  }

  /** The least multiple of 4 from n on that leaves {@code rest} when divided by the 32 banks. */
  static int banked(int n, int rest) {
    return whole(n, QUAD) + Math.floorMod(whole(rest, QUAD) - whole(n, QUAD), WARP);
  }
}
