package io.mgnm.ops.cuda;

import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Options;
import io.mgnm.ops.InterestReadout.Projection;
import java.util.Map;

/**
 * How {@code interest_readout.cu} cuts its work for a shape and a device: its compile-time sizes,
 * and the shared memory that follows from them as its constants say.
 *
 * @param histories of a block's tile
 * @param group interests of a block
 * @param per candidates a lane scores at a time
 * @param tile candidates a history in a tile of the backward
 */
record ReadoutPlan(
    int d,
    int interests,
    int levels,
    boolean joint,
    Projection projection,
    int histories,
    int group,
    int per,
    int tile) {
  private static final int BLOCK = 256; // of the backward
  private static final int LEAST_RUN = 8; // histories of a slot
  private static final int MOST_HISTORIES = 8;
  private static final int MOST_TILE = 16;
  private static final int MOST_PATCHES = 4; // a thread: 64 registers of dW

  /** Where half of a large multiprocessor's shared memory goes to one block, two fit. */
  private static final int BYTES_WANTED = 112 << 10;

  /** Blocks may have this without asking, and so several fit. */
  private static final int BYTES_FREE = 48 << 10;

  /** From so many candidates on a lane scores two, as far as their values fit its registers. */
  private static final int MANY_CANDIDATES = 64;

  private static final int MOST_WIDTH_OF_TWO = 40;

  static ReadoutPlan of(BatchShape shape, Options options, int mostBytes) {
    int d = shape.d();
    int tile = Math.clamp(shape.candidates(), 1, MOST_TILE);
    boolean two = shape.candidates() >= MANY_CANDIDATES && d <= MOST_WIDTH_OF_TWO;
    ReadoutPlan plan =
        new ReadoutPlan(
            d,
            shape.interests(),
            shape.levels(),
            options.attention() == Attention.JOINT,
            options.projection(),
            1,
            shape.interests(),
            two ? 2 : 1,
            tile);
    while (plan.group > 1 && (plan.patches() > MOST_PATCHES || plan.backwardBytes() > mostBytes)) {
      plan = plan.with(1, plan.smallerGroup());
    }
    ReadoutPlan more = plan;
    while (more.histories < MOST_HISTORIES
        && more.backwardBytes() <= Math.min(mostBytes, BYTES_WANTED)) {
      plan = more;
      more = plan.with(plan.histories + 1, plan.group);
    }
    return more.backwardBytes() <= Math.min(mostBytes, BYTES_WANTED) ? more : plan;
  }

  private ReadoutPlan with(int newHistories, int newGroup) {
    return new ReadoutPlan(
        d, interests, levels, joint, projection, newHistories, newGroup, per, tile);
  }

  /** The next smaller divisor of K. */
  private int smallerGroup() {
    int smaller = group - 1;
    while (interests % smaller != 0) {
      smaller--;
    }
    return smaller;
  }

  Map<String, Integer> constants() {
    return Map.of(
        "D", d,
        "K", interests,
        "LEVELS", levels,
        "JOINT", joint ? 1 : 0,
        "PROJECT", project(),
        "HISTORIES", histories,
        "GROUP", group,
        "PER", per);
  }

  /** What the kernels call the projection. */
  private int project() {
    return switch (projection) {
      case NONE -> 0;
      case RELU -> 1;
      case RELU_BIAS -> 2;
    };
  }

  boolean projects() {
    return projection.hasWeights();
  }

  int capsules() {
    return levels * interests;
  }

  /** Values of W. */
  int weights() {
    return interests * d * d;
  }

  int groups() {
    return interests / group;
  }

  /** Blocks that leave a partial sum, for a capacity of histories. */
  int slots(int capacity) {
    return Math.clamp(Math.ceilDiv(capacity, LEAST_RUN), 1, CudaBackend.SLOTS);
  }

  private int width() {
    return Math.ceilDiv(d, 4) * 4;
  }

  /** An odd number of 16-byte pieces. */
  private static int odd(int floats) {
    return floats / 4 % 2 == 0 ? floats + 4 : floats;
  }

  /** 4 more than a multiple of 8 pieces. */
  private static int historyStride(int floats) {
    return floats + Math.floorMod(16 - floats, 32);
  }

  private int historyFloats() {
    return levels * (joint ? interests * width() : odd(interests * width()));
  }

  /** Of one warp that scores. */
  int warpBytes() {
    int lanes = 32 * per;
    int scores = joint ? 1 : levels;
    int stage = lanes + (scores < 32 ? 32 / scores : 1);
    int rows = Math.max(lanes * width(), Math.ceilDiv(scores * stage, 4) * 4);
    return 4 * (historyFloats() + rows);
  }

  /** Warps of a block that scores. */
  int warps() {
    int warps = 4;
    while (warps > 1 && warps * warpBytes() > BYTES_FREE) {
      warps /= 2;
    }
    return warps;
  }

  int interestsBytes() {
    return 4 * (group * width() * width() + histories * levels * odd(group * width()));
  }

  private int allPatches() {
    return projects() ? group * (width() / 4) * (width() / 4) : 0;
  }

  private int splits() {
    int splits = 1;
    while (splits * 2 <= levels && splits * 2 * allPatches() <= BLOCK) {
      splits *= 2;
    }
    return splits;
  }

  /** Patches of dW that a thread has. */
  private int patches() {
    return Math.ceilDiv(splits() * allPatches(), BLOCK);
  }

  int backwardBytes() {
    int own = historyStride(levels * odd(group * width()));
    int q = Math.max(historyStride(historyFloats()), own);
    int candidates = tile * (width() + (capsules() | 1));
    int weights = projects() ? group * width() * width() : 0;
    int work = weights + histories * (q + own * (projects() ? 2 : 1) + candidates);
    int sums = projects() && splits() > 1 ? splits() * 16 * (allPatches() + 4) : 0;
    return 4 * Math.max(work, sums);
  }
}
