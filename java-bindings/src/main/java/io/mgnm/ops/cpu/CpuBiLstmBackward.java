package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.BiLstm;
import java.util.Arrays;

/**
 * The backward of {@link CpuBiLstm} for one worker: direction by direction, a group's time steps
 * from the last to the first. All that is not recurrent is done for a chunk of them, which stays in
 * the first-level cache, so that a weight that is loaded serves several.
 */
final class CpuBiLstmBackward {
  private static final int CHUNK = 16;

  private final BiLstm.Options options;
  private final int d;
  private final int h;
  private final CpuTensor zs;
  private final CpuTensor tapes;
  private final CpuTensor dYs;
  private final CpuTensor dZs;
  private final CpuTensor dW;
  private final LstmTransposes transposed;

  private final float[] zero;
  private final float[] lengths = new float[LANES];
  private final WeightGradient ofGates;
  private final WeightGradient ofOut; // null without a projection
  private final float[] sums; // of the micro-batch: Ẇx and Ẇh of a direction, or Ṙ
  private final float[] biasSums; // lane by lane
  private final float[] dGates; // of a chunk
  private final float[] dOut; // by h, of a chunk, where there is a projection
  private final float[] dHidden;
  private final float[] dState;
  private final float[] zAlive; // of a chunk of a ragged group
  private final float[] dYAlive;

  // Of the micro-batch, group and chunk at hand.
  private float[] tape;
  private float[] z;
  private int zAt;
  private float[] dY;
  private int dYAt;
  private int followingGates; // where dGates has the time step done before, which is the next

  CpuBiLstmBackward(
      BiLstm.Options options,
      CpuTensor z,
      LstmTransposes transposed,
      CpuTensor tape,
      CpuTensor dY,
      CpuTensor dZ,
      CpuTensor dW) {
    this.options = options;
    this.d = options.d();
    this.h = options.hidden();
    this.zs = z;
    this.transposed = transposed;
    this.tapes = tape;
    this.dYs = dY;
    this.dZs = dZ;
    this.dW = dW;
    boolean projected = options.projected();
    zero = new float[h * LANES];
    ofGates = new WeightGradient(4 * h, CHUNK);
    ofOut = projected ? new WeightGradient(d, CHUNK) : null;
    int forProjection = projected ? 2 * h * ofOut.width() : 0;
    sums = new float[Math.max((d + h) * ofGates.width(), forProjection)];
    biasSums = new float[4 * h * LANES];
    // What is turned on its side is read up to a multiple of 16 rows.
    dGates = new float[(CHUNK * 4 * h + LANES) * LANES];
    dOut = new float[projected ? CHUNK * h * LANES : 0];
    dHidden = new float[h * LANES];
    dState = new float[h * LANES];
    zAlive = new float[CHUNK * d * LANES];
    dYAlive = new float[(CHUNK * d + LANES) * LANES];
  }

  private int tapeStep() {
    return 2 * (LstmCell.ROWS + 1) * h * LANES;
  }

  private int cell(int direction) {
    return direction * LstmCell.ROWS * h * LANES;
  }

  private int hidden(int direction) {
    return (2 * LstmCell.ROWS + direction) * h * LANES;
  }

  void run(MicroBatch micro) {
    tape = tapes.array(micro);
    float[] slot = dW.slot(micro);
    if (options.projected()) {
      Arrays.fill(sums, 0);
      for (int g = 0; g < micro.groups(); g++) {
        eachChunk(micro, g, 0, true);
      }
      ofOut.store(sums, 0, 2 * h, slot, dW.offset() + options.projection());
    }
    for (int direction = 0; direction < 2; direction++) {
      Arrays.fill(sums, 0);
      Arrays.fill(biasSums, 0);
      for (int g = 0; g < micro.groups(); g++) {
        Arrays.fill(dState, 0);
        eachChunk(micro, g, direction, false);
      }
      int hiddenSums = d * ofGates.width();
      ofGates.store(sums, 0, d, slot, dW.offset() + options.inputWeights(direction));
      ofGates.store(sums, hiddenSums, h, slot, dW.offset() + options.hiddenWeights(direction));
      LaneRows.addLanes(biasSums, 0, 4 * h, slot, dW.offset() + options.bias(direction));
    }
  }

  /** Takes a group's chunks in the reverse of the direction's order. */
  private void eachChunk(MicroBatch micro, int g, int direction, boolean projection) {
    int n = micro.groupLength(g);
    int position = micro.groupPosition(g);
    boolean ragged = LaneRows.ragged(micro, g, lengths);
    for (int left = n; left > 0; left -= CHUNK) {
      int count = Math.min(CHUNK, left);
      int first = direction == 0 ? left - count : n - left;
      z = zs.array(micro);
      zAt = zs.base(micro) + (position + first) * d * LANES;
      dY = dYs.array(micro);
      dYAt = dYs.base(micro) + (position + first) * d * LANES;
      if (ragged) { // whatever stands behind a lane's end must not reach a sum over lanes
        LaneRows.copyAlive(z, zAt, zAlive, 0, d, count, lengths, first);
        LaneRows.copyAlive(dY, dYAt, dYAlive, 0, d, count, lengths, first);
        z = zAlive;
        zAt = 0;
        dY = dYAlive;
        dYAt = 0;
      }
      int tapeAt = tapes.base(micro) + (position + first) * tapeStep();
      if (projection) {
        projectionGradient(count, tapeAt);
      } else {
        boolean hasFirst = left == count;
        recurrence(direction, first, count, left == n, hasFirst, ragged, tapeAt);
        int dZAt = dZs.base(micro) + (position + first) * d * LANES;
        products(direction, count, hasFirst, tapeAt, dZs.array(micro), dZAt);
      }
    }
  }

  private void projectionGradient(int count, int tapeAt) {
    System.arraycopy(dY, dYAt, dYAlive, 0, count * d * LANES); // perhaps onto itself
    ofOut.turn(dYAlive, 0, d * LANES, count);
    ofOut.add(tape, tapeAt + hidden(0), tapeStep(), 2 * h, 0, count, sums, 0);
  }

  /** The derivatives by the gates of a chunk, time step by time step. */
  private void recurrence(
      int direction,
      int first,
      int count,
      boolean hasLast,
      boolean hasFirst,
      boolean ragged,
      int tapeAt) {
    float[] out = dY;
    int outAt = dYAt + direction * h * LANES;
    int outStep = d * LANES;
    if (options.projected()) {
      float[] weights = transposed.projection[direction];
      LaneProducts.multiply(
          zero, 0, 0, dY, dYAt, d * LANES, weights, 0, d, h, dOut, 0, h * LANES, count);
      out = dOut;
      outAt = 0;
      outStep = h * LANES;
    }
    float[] weights = transposed.hidden[direction];
    for (int s = 0; s < count; s++) {
      int t = direction == 0 ? count - 1 - s : s;
      int ofOut = outAt + t * outStep;
      if (hasLast && s == 0) {
        System.arraycopy(out, ofOut, dHidden, 0, h * LANES);
      } else {
        LaneProducts.multiply(
            out, ofOut, 0, dGates, followingGates, 0, weights, 0, 4 * h, h, dHidden, 0, 0, 1);
      }
      int at = tapeAt + t * tapeStep();
      boolean start = hasFirst && s == count - 1;
      int before = direction == 0 ? at - tapeStep() : at + tapeStep();
      int state = start ? 0 : before + cell(direction) + LstmCell.STATE * h * LANES;
      int gates = t * 4 * h * LANES;
      LstmCell.backward(
          h,
          tape,
          at + cell(direction),
          at + hidden(direction),
          start ? zero : tape,
          state,
          dHidden,
          dState,
          dGates,
          gates);
      if (ragged) {
        LaneRows.keepAlive(dGates, gates, 4 * h, 1, lengths, first + t);
        LaneRows.keepAlive(dState, 0, h, 1, lengths, first + t);
      }
      followingGates = gates;
    }
  }

  /** From the derivatives by the gates of a chunk to those by z and by the weights. */
  private void products(
      int direction, int count, boolean hasFirst, int tapeAt, float[] dZ, int dZAt) {
    int gateStep = 4 * h * LANES;
    boolean fresh = direction == 0; // z itself is part of the output
    LaneProducts.multiply(
        fresh ? dY : dZ,
        fresh ? dYAt : dZAt,
        d * LANES,
        dGates,
        0,
        gateStep,
        transposed.input[direction],
        0,
        4 * h,
        d,
        dZ,
        dZAt,
        d * LANES,
        count);
    LaneRows.addPositions(dGates, 0, gateStep, 4 * h, count, biasSums, 0);
    ofGates.turn(dGates, 0, gateStep, count);
    ofGates.add(z, zAt, d * LANES, d, 0, count, sums, 0);
    // h of the time step before: there is none at the start, where h is 0.
    int withBefore = hasFirst ? count - 1 : count;
    int skipped = direction == 0 ? count - withBefore : 0;
    int before = tapeAt + (direction == 0 ? skipped - 1 : 1) * tapeStep() + hidden(direction);
    ofGates.add(tape, before, tapeStep(), h, skipped, withBefore, sums, d * ofGates.width());
  }
}
