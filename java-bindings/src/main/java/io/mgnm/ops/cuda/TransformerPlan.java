package io.mgnm.ops.cuda;

import io.mgnm.ops.BatchShape;
import java.util.Map;

/**
 * What {@code transformer_encoder.cu} has in shared memory, for a batch's capacity and a device's
 * limit; the rest is in global memory. That changes speed and never bits.
 *
 * @param d width
 * @param longest positions of a sequence, at most
 */
record TransformerPlan(int d, int longest, Cut forward, Cut backward) {
  /** Threads of a block. */
  static final int THREADS = 128;

  private static final int HEADS = 2;
  private static final int FORWARD_ARRAYS = 5; // of rows
  private static final int BACKWARD_ARRAYS = 7;
  private static final int SOFTMAXES = 8; // floats a row of the backward

  /** Whether layers, their gradients, and positions are held, the best choice first. */
  private static final boolean[][] CHOICES = {
    {true, true, true},
    {true, true, false},
    {true, false, true},
    {true, false, false},
    {false, false, false}
  };

  /**
   * What a kernel has in shared memory.
   *
   * @param held all layers' weights
   * @param summed the gradients of layers and norms, which the forward does not have
   * @param positions p, and its gradient
   * @param room rows of a group
   * @param streamed whether a group may have more rows, which then are in global memory
   * @param bytes of a block
   */
  record Cut(
      boolean held, boolean summed, boolean positions, int room, boolean streamed, int bytes) {}

  /**
   * @param limit bytes of shared memory that a block may have
   * @throws IllegalArgumentException where not even one layer's weights fit
   */
  static TransformerPlan of(BatchShape shape, int limit) {
    int d = shape.d();
    int longest = shape.maxLength();
    int rows = Math.max(longest, (int) Math.min(groupRows(d), (long) longest * shape.capsules()));
    return new TransformerPlan(
        d, longest, cut(d, longest, rows, limit, false), cut(d, longest, rows, limit, true));
  }

  private static Cut cut(int d, int longest, int rows, int limit, boolean backward) {
    Cut best = null;
    for (boolean[] choice : CHOICES) {
      boolean positions = choice[2];
      boolean summed = backward && choice[1];
      long floats = fixed(d, longest, choice[0], summed, positions, backward);
      long fits = limit / Float.BYTES - floats;
      if (fits >= 0) {
        int room = (int) Math.min(rows, fits / rowFloats(d, backward));
        int bytes = Math.toIntExact(Float.BYTES * (floats + (long) room * rowFloats(d, backward)));
        Cut cut = new Cut(choice[0], summed, positions, room, room < rows, bytes);
        if (best == null || enough(cut, d, rows) > enough(best, d, rows)) {
          best = cut;
        }
      }
    }
    if (best == null) {
      throw new IllegalArgumentException(
          "transformer_encoder: layers of width %d do not fit this device's %d bytes of shared"
                  .formatted(d, limit)
              + " memory; use a smaller d or the backend 'cpu'");
    }
    return best;
  }

  /** All rows are worth more than what else may be held, and so is one group. */
  private static int enough(Cut cut, int d, int rows) {
    return cut.room() == rows ? rows : Math.min(cut.room(), groupRows(d));
  }

  /** Rows of a group of sequences, but for a sequence that is longer. */
  static int groupRows(int d) {
    return d <= 32 ? 64 : 32;
  }

  private static int tileRows(int d) {
    return d <= 32 ? 32 : 16;
  }

  /** Floats of an odd number of quads. */
  private static int odd(int floats) {
    return 4 * (Math.ceilDiv(floats, 4) | 1);
  }

  private static int quads(int floats) {
    return 4 * Math.ceilDiv(floats, 4);
  }

  private static int heads(int d) {
    return HEADS * quads(d / HEADS);
  }

  private static int rowFloats(int d, boolean backward) {
    return backward ? BACKWARD_ARRAYS * odd(heads(d)) + SOFTMAXES : FORWARD_ARRAYS * odd(heads(d));
  }

  /** Floats beside rows. */
  private static long fixed(
      int d, int longest, boolean held, boolean summed, boolean positions, boolean backward) {
    long project = (quads(d) + 1L) * odd(heads(d));
    long output = (heads(d) + 1L) * odd(d);
    long up = (quads(d) + 1L) * odd(2 * d);
    long down = (2L * d + 1) * odd(d);
    long floats = 4L * d;
    floats += held ? 3 * project + output + up + down : Math.max(project, Math.max(up, down));
    floats += positions ? quads(longest * d) * (backward ? 2L : 1L) : 0;
    if (backward) {
      floats += (long) tileRows(d) * (2L * odd(heads(d)) + 2L * odd(2 * d) + 1);
      floats += summed ? quads(8 * d * d + 11 * d) : 0;
    }
    return floats;
  }

  /** Floats of global memory for the rows of groups that do not fit, of so many blocks. */
  long scratch(boolean backward, int blocks) {
    long rows = Math.max(groupRows(d), longest);
    return Math.multiplyExact(rows * blocks, rowFloats(d, backward));
  }

  /** Groups of a full batch, at most. */
  static int groups(BatchShape shape) {
    long sequences = (long) shape.histories() * shape.capsules();
    long items = (long) shape.items() * shape.capsules();
    long groups = shape.histories() + 2 * items / groupRows(shape.d());
    return (int) Math.clamp(Math.min(sequences, groups), 1, Integer.MAX_VALUE);
  }

  /** Compile-time sizes. */
  Map<String, Integer> constants() {
    return Map.of(
        "D", d,
        "FORWARD_HELD", bit(forward.held()),
        "FORWARD_POSITIONS", bit(forward.positions()),
        "FORWARD_STREAMED", bit(forward.streamed()),
        "BACKWARD_HELD", bit(backward.held()),
        "BACKWARD_POSITIONS", bit(backward.positions()),
        "BACKWARD_SUMMED", bit(backward.summed()),
        "BACKWARD_STREAMED", bit(backward.streamed()));
  }

  private static int bit(boolean set) {
    return set ? 1 : 0;
  }
}
