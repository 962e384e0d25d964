package io.mgnm.ops.cuda;

import io.mgnm.ops.BatchShape;
import java.util.Map;

/**
 * How {@code capsule_projection.cu} divides its work: as much in shared memory at once as the
 * device has room for, since whatever does not fit is read again. What depends on the device leaves
 * every bit of the results alone.
 *
 * @param d embedding size
 * @param tiles of 32 rows [item][level], of the capacity
 * @param columns of [interest][out] whose weights a block of the forward holds
 * @param columnParts blocks that share the columns of a row
 * @param group interests of one launch of the backward
 * @param parts warps that share the derivative of one interest's weights
 * @param teams tiles that a block of the backward has under way
 */
record ProjectionPlan(
    int d, int tiles, int columns, int columnParts, int group, int parts, int teams) {
  private static final int WARP = 32;
  private static final int TILE = 32;
  private static final int WARPS = 8; // of a block
  private static final int MOST_WIDTH = 5;

  /** Bytes of shared memory that a block may have on every supported device. */
  private static final int LEAST_SHARED = 64 << 10;

  /** Threads of the forward's blocks. */
  static final int FORWARD_BLOCK = WARPS * WARP;

  /**
   * @param shared bytes of shared memory that a block may have
   * @throws IllegalArgumentException where not even the weights of one interest fit
   */
  static ProjectionPlan of(BatchShape shape, int shared) {
    int d = shape.d();
    int k = shape.interests();
    int parts = Math.ceilDiv(pieces(d), WARP);
    int teams = Math.max(1, WARPS / (k * parts)); // the same on every device, for the same bits
    while (teams > 1 && backwardShared(d, 1, teams) > LEAST_SHARED) {
      teams--;
    }
    int columnParts = 1;
    int groups = 1;
    while (forwardShared(d, columns(k * d, columnParts)) > shared) {
      refuse(columnParts == k * d, d, shared);
      columnParts++;
    }
    while (backwardShared(d, Math.ceilDiv(k, groups), teams) > shared
        || Math.ceilDiv(k, groups) * parts * teams > WARPS) {
      refuse(groups == k, d, shared);
      groups++;
    }
    int columns = columns(k * d, columnParts);
    return new ProjectionPlan(
        d,
        tiles(shape),
        columns,
        Math.ceilDiv(k * d, columns),
        Math.ceilDiv(k, groups),
        parts,
        teams);
  }

  private static void refuse(boolean impossible, int d, int shared) {
    if (impossible) {
      throw new IllegalArgumentException(
          "capsule_projection: weights of %d x %d do not fit this device's %d bytes of shared memory"
                  .formatted(d, d, shared)
              + "; use a smaller d or the backend 'cpu'");
    }
  }

  private static int tiles(BatchShape shape) {
    int rows = Math.multiplyExact(shape.items(), shape.levels());
    Math.multiplyExact(rows, shape.interests()); // kernels number vectors with an int
    return Math.ceilDiv(rows, TILE);
  }

  /** Pieces of a lane that the derivative of one interest's weights has. */
  private static int pieces(int d) {
    int quads = padded(d) / 4;
    return quads / 2 * (d <= 16 ? quads : quads / 2);
  }

  private static int padded(int d) {
    return Math.ceilDiv(d, 8) * 8;
  }

  private static int columns(int all, int columnParts) {
    return columnParts == 1 ? all : Math.ceilDiv(Math.ceilDiv(all, columnParts), WARP) * WARP;
  }

  /** Columns of a lane at once: such that least is computed for nothing, and then the most. */
  private static int width(int columns) {
    int sets = Math.ceilDiv(columns, CudaBackend.lanesFor(columns));
    int best = 1;
    for (int width = 2; width <= MOST_WIDTH; width++) {
      if (Math.ceilDiv(sets, width) * width <= Math.ceilDiv(sets, best) * best) {
        best = width;
      }
    }
    return best;
  }

  private static long forwardShared(int d, int columns) {
    int lanes = CudaBackend.lanesFor(columns);
    int together = lanes * width(columns);
    long held = (long) Math.ceilDiv(columns, together) * together;
    int rows = lanes < WARP ? 32 : 16; // of a warp
    return Float.BYTES * (Math.ceilDiv(d, 4) * 4L * (held + (long) WARPS * rows) + 4);
  }

  private static long backwardShared(int d, int group, int teams) {
    long padded = padded(d);
    long matrix = padded * (padded + 4);
    long places = 2L * TILE;
    return Float.BYTES * (group * matrix + teams * ((1L + group) * TILE * padded + places));
  }

  /** Tiles that a block of the forward takes at least, so that few bytes are weights. */
  int forwardLeast() {
    return Math.max(1, Math.ceilDiv(6 * d, TILE * WARPS)) * WARPS;
  }

  /** Tiles that a block of the backward takes at least, likewise. */
  int backwardLeast() {
    return Math.ceilDiv(Math.ceilDiv(4 * d, TILE), teams) * teams;
  }

  int forwardShared() {
    return Math.toIntExact(forwardShared(d, columns));
  }

  int backwardShared() {
    return Math.toIntExact(backwardShared(d, group, teams));
  }

  int backwardBlock() {
    return group * parts * teams * WARP;
  }

  /** The source's constants but for the batch's sizes. */
  Map<String, Integer> constants() {
    return Map.of(
        "COLUMNS", columns,
        "WIDTH", width(columns),
        "GROUP", group,
        "PARTS", parts,
        "TEAMS", teams);
  }
}
