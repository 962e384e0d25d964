package io.mgnm.ops.cuda;

import io.mgnm.ops.BiLstm;
import java.util.Map;
import java.util.function.ToIntBiFunction;
import java.util.function.ToIntFunction;

/**
 * The shapes of {@code bilstm.cu} for given options: of those whose weights and sums fit a thread's
 * registers, the ones that cost the fewest instructions a sequence. They do not depend on the
 * device, since the order of sums does on them.
 *
 * @param segment time steps of a window, and between two checkpoints
 * @param forwardTurns whether the forward takes one direction after the other
 * @param backwardTurns the same of the backward
 * @param resident whether the backward keeps its weights in registers
 * @param teams of a block of the backward
 */
record BiLstmPlan(
    BiLstm.Options options,
    int segment,
    BiLstmLanes forward,
    boolean forwardTurns,
    BiLstmLanes backward,
    boolean backwardTurns,
    boolean resident,
    int teams) {
  /** Shared memory that a block can have on every device, less a little that is static. */
  private static final int WINDOW_BYTES = 64 * 1024 - 2048;

  private static final int LONGEST_SEGMENT = 16;
  private static final int SHORTEST_SEGMENT = 6;
  private static final int MOST_TEAMS = 4;
  private static final int WARPS_WANTED = 8; // of a block of the backward
  private static final int MOST_REGISTERS = 255; // of a thread
  private static final int FEW_REGISTERS = 128; // with which 16 warps fit a multiprocessor
  private static final int LEAN_REGISTERS = 168; // with which 12 warps do

  // Registers beside weights and sums, as compilers were seen to need them without spilling.
  private static final int FORWARD_OTHERS = 60;
  private static final int PROJECTED_OTHERS = 76;
  private static final int PROJECTED_TURNS_OTHERS =
      88; // d = 56 spills 16 bytes on 7.5 all the same
  private static final int RESIDENT_OTHERS = 66;
  private static final int STREAMING_OTHERS = 84;

  // Instructions a step beside the products: gates, exchange, addresses.
  private static final int FORWARD_OVERHEAD = 90;
  private static final int BACKWARD_OVERHEAD = 190;

  private static final int BACKWARD_CROWD = 2;
  private static final int WARP = 32;
  private static final int BANKED_LANES = 8; // that an access of 16 bytes serves at once
  private static final int GATES = 4;
  private static final int QUAD = 4;
  private static final int SECTOR = 8; // floats

  static BiLstmPlan of(BiLstm.Options options) {
    Search forwards = forwards(options, false);
    Search backwards = backwards(options, BiLstmPlan::backwardHeld, RESIDENT_OTHERS);
    Search streaming = backwards(options, BiLstmPlan::sums, STREAMING_OTHERS);
    BiLstmLanes forward = forwards.best(2, FEW_REGISTERS);
    if (forward == null || forward.together() > 2) {
      forward = forwards.best(2, LEAN_REGISTERS);
    }
    boolean forwardTurns = forward == null;
    if (forwardTurns) {
      forward = forwards(options, true).best(1, MOST_REGISTERS);
    }
    BiLstmLanes backward = backwards.best(2, MOST_REGISTERS);
    boolean backwardTurns = backward == null;
    if (backwardTurns) {
      backward = backwards.best(1, MOST_REGISTERS);
    }
    boolean resident = backward != null;
    if (!resident) {
      backward = streaming.best(1, MOST_REGISTERS);
    }
    if (forward == null || backward == null) {
      throw new UnsupportedOperationException(
          options + " needs more registers than a multiprocessor has; use the backend 'cpu'");
    }
    int directions = backwardTurns ? 1 : 2;
    int teams = Math.clamp(WARPS_WANTED * WARP / (directions * backward.threads()), 1, MOST_TEAMS);
    while (teams > 1 && segment(options, backward, directions * teams) < SHORTEST_SEGMENT) {
      teams--;
    }
    int segment = segment(options, backward, directions * teams);
    return new BiLstmPlan(
        options, segment, forward, forwardTurns, backward, backwardTurns, resident, teams);
  }

  private static Search forwards(BiLstm.Options options, boolean turns) {
    return new Search(
        options,
        lanes -> forwardHeld(options, lanes),
        forwardOthers(options, turns),
        FORWARD_OVERHEAD,
        QUAD);
  }

  private static Search backwards(
      BiLstm.Options options, ToIntBiFunction<BiLstm.Options, BiLstmLanes> held, int others) {
    return new Search(
        options,
        lanes -> held.applyAsInt(options, lanes),
        others,
        BACKWARD_OVERHEAD,
        BACKWARD_CROWD);
  }

  /** Registers of the forward beside what its lanes hold. */
  private static int forwardOthers(BiLstm.Options options, boolean turns) {
    if (!options.projected()) {
      return FORWARD_OTHERS;
    }
    return turns ? PROJECTED_TURNS_OTHERS : PROJECTED_OTHERS;
  }

  /** Weights that a lane of the forward holds. */
  private static int forwardHeld(BiLstm.Options options, BiLstmLanes lanes) {
    return gateWeights(lanes) + GATES + (options.projected() ? QUAD * lanes.statePieces() : 0);
  }

  /** Sums of gradients that a lane of the backward holds, and weights of which it has one use. */
  private static int sums(BiLstm.Options options, BiLstmLanes lanes) {
    return gateWeights(lanes)
        + 2 * GATES
        + (options.projected() ? 2 * QUAD * lanes.statePieces() : 0);
  }

  /** Sums and weights that a lane of the backward holds. */
  private static int backwardHeld(BiLstm.Options options, BiLstmLanes lanes) {
    int outputs = 1 + options.d() / options.hidden();
    return sums(options, lanes) + gateWeights(lanes) + outputs * lanes.unitGates();
  }

  private static int gateWeights(BiLstmLanes lanes) {
    int inputs = lanes.split() == 1 ? lanes.d() + lanes.h() : QUAD * lanes.pieces();
    return GATES * inputs;
  }

  /** The most steps, within reason, whose windows fit for so many directions at once. */
  private static int segment(BiLstm.Options options, BiLstmLanes lanes, int directions) {
    int segment = LONGEST_SEGMENT;
    while (segment > 1
        && 4 * directions * lanes.windows(backwardWindow(options, lanes, segment)) > WINDOW_BYTES) {
      segment--;
    }
    return segment;
  }

  private static int backwardWindow(BiLstm.Options options, BiLstmLanes lanes, int segment) {
    int row = lanes.paddedWidth() + lanes.paddedHidden();
    int gates = GATES * lanes.h();
    int fromAbove = lanes.paddedHidden() + (options.projected() ? lanes.paddedWidth() : 0);
    boolean skewed =
        lanes.groups() > 1
            && lanes.h() % BANKED_LANES != 0
            && (gates - lanes.paddedHidden()) % WARP != 0;
    return (segment + 1) * (row + lanes.paddedHidden())
        + segment * (gates + fromAbove)
        + (skewed ? WARP : 0);
  }

  /**
   * Among all shapes.
   *
   * @param held registers that a lane's weights and sums take, each of which also stands for an
   *     instruction a step and sequence
   * @param registers beside those
   * @param overhead instructions a step beside the products
   * @param crowd the most sequences of a group where a thread cannot have all registers there are
   */
  private record Search(
      BiLstm.Options options,
      ToIntFunction<BiLstmLanes> held,
      int registers,
      int overhead,
      int crowd) {
    private static final int REGISTERS = 65_536; // of a multiprocessor
    private static final int SCHEDULERS = 4; // among which warps are dealt out
    private static final int WIDE_REGISTERS = 12; // more, for a lane that takes whole rows
    private static final int MOST_THREADS = 1024;
    private static final int MOST_GROUPS = 16;
    private static final int TILE_FLOATS = 160; // of a step, where there are several groups

    /** The cheapest for so many directions at once and registers a thread; null where none fits. */
    BiLstmLanes best(int directions, int most) {
      BiLstmLanes best = null;
      for (int split = 1; split <= WARP / 2; split *= 2) {
        for (int together = 1; together <= Math.min(split, QUAD); together *= 2) {
          for (int groups = 1; groups <= MOST_GROUPS; groups++) {
            BiLstmLanes lanes = new BiLstmLanes(options, split, together, groups);
            if (fits(lanes, directions, most)
                && (best == null || cost(lanes) < 0.97 * cost(best))) {
              best = lanes;
            }
          }
        }
      }
      return best;
    }

    private boolean fits(BiLstmLanes lanes, int directions, int most) {
      int threads = directions * lanes.threads();
      int available = REGISTERS / BiLstmLanes.whole(threads, SCHEDULERS * WARP);
      int whole = lanes.split() == 1 ? WIDE_REGISTERS : 0;
      int needed = held.applyAsInt(lanes) + registers + whole;
      return threads <= MOST_THREADS
          && needed <= Math.min(most, available)
          && (lanes.together() <= crowd || available >= MOST_REGISTERS)
          && (lanes.groups() == 1 || lanes.sequences() * lanes.d() <= TILE_FLOATS);
    }

    /** Instructions of a step, all warps of a direction, a sequence. */
    private double cost(BiLstmLanes lanes) {
      double perWarp = lanes.together() * held.applyAsInt(lanes) + overhead;
      return perWarp * lanes.threads() / WARP / lanes.sequences();
    }
  }

  private int forwardDirections() {
    return forwardTurns ? 1 : 2;
  }

  /** Warps of the forward that are to be resident. */
  private int forwardWarps() {
    boolean few =
        !forwardTurns
            && forwardHeld(options, forward) + forwardOthers(options, false) <= FEW_REGISTERS;
    return few && forward.together() <= 2 ? 16 : 12;
  }

  private int backwardDirections() {
    return backwardTurns ? 1 : 2;
  }

  /** Threads of a block of the forward. */
  int forwardThreads() {
    return forwardDirections() * forward.threads();
  }

  /** Threads of a block of the backward. */
  int backwardThreads() {
    return teams * backwardDirections() * backward.threads();
  }

  /** Bytes of shared memory of a block of the forward. */
  long forwardShared(int rows, boolean staged, boolean kept) {
    int row = forward.paddedHidden() + (staged ? 0 : forward.paddedWidth());
    int rowsOfStates = segment + (staged ? 0 : 1);
    int window = rowsOfStates * row + (options.projected() ? segment * forward.paddedWidth() : 0);
    long floats = (long) forwardDirections() * forward.windows(window);
    int keptRow = options.projected() ? forward.paddedWidth() : forward.paddedHidden();
    if (staged) {
      int apart = forward.together() > 1 ? 2 * QUAD : QUAD;
      floats +=
          (long) forward.sequences()
              * BiLstmLanes.banked(Math.multiplyExact(rows, forward.paddedWidth()), apart);
    }
    if (kept) {
      floats += (long) forward.sequences() * rows(rows, keptRow);
    }
    return 4 * Math.max(floats, forwardGathered() ? forwardWeights() : 0);
  }

  /** Bytes of shared memory of a block of the backward. */
  long backwardShared(int rows, boolean summed) {
    int window = backwardWindow(options, backward, segment);
    long floats = (long) teams * backwardDirections() * backward.windows(window);
    if (summed) {
      floats += (long) teams * backward.sequences() * rows(rows, backward.paddedWidth());
    }
    return 4 * Math.max(floats, backwardGathered() ? backwardWeights() : 0);
  }

  private static int rows(int rows, int width) {
    return BiLstmLanes.banked(Math.multiplyExact(rows, width), QUAD);
  }

  /** Floats of the weights of the directions at once. */
  private int forwardWeights() {
    return forwardDirections() * forward.sharedWeights(options.projected());
  }

  private int backwardWeights() {
    return backwardDirections() * backward.sharedWeights(options.projected());
  }

  /** Whether a block of the forward reads its weights through shared memory. */
  private boolean forwardGathered() {
    return !forwardTurns && 4 * forwardWeights() <= WINDOW_BYTES;
  }

  /** Whether a block of the backward does, and gathers its sums there. */
  private boolean backwardGathered() {
    return 4 * backwardWeights() <= WINDOW_BYTES;
  }

  /** Whether the forward writes y by whole rows, because half rows would not be whole sectors. */
  boolean keepsRows() {
    return options.projected() || options.hidden() % SECTOR != 0;
  }

  /** Compile-time sizes of {@code bilstm.cu}. */
  Map<String, Integer> constants() {
    return Map.ofEntries(
        Map.entry("D", options.d()),
        Map.entry("PROJECTED", options.projected() ? 1 : 0),
        Map.entry("SEGMENT", segment),
        Map.entry("FORWARD_SPLIT", forward.split()),
        Map.entry("FORWARD_TOGETHER", forward.together()),
        Map.entry("FORWARD_GROUPS", forward.groups()),
        Map.entry("FORWARD_TURNS", forwardTurns ? 1 : 0),
        Map.entry("FORWARD_WARPS", forwardWarps()),
        Map.entry("FORWARD_GATHERED", forwardGathered() ? 1 : 0),
        Map.entry("BACKWARD_SPLIT", backward.split()),
        Map.entry("BACKWARD_TOGETHER", backward.together()),
        Map.entry("BACKWARD_GROUPS", backward.groups()),
        Map.entry("BACKWARD_TURNS", backwardTurns ? 1 : 0),
        Map.entry("BACKWARD_TEAMS", teams),
        Map.entry("BACKWARD_RESIDENT", resident ? 1 : 0),
        Map.entry("BACKWARD_GATHERED", backwardGathered() ? 1 : 0));
  }

  /** Floats a position of the checkpoints. */
  int tapeWidth() {
    int checkpoint = BiLstmLanes.whole(2 * options.hidden(), SECTOR);
    return BiLstmLanes.whole(Math.ceilDiv(2 * checkpoint, segment), SECTOR);
  }
}
