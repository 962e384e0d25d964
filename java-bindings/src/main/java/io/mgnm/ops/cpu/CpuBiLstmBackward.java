package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.BiLstm;
import java.util.Arrays;

/**
 * The backward of {@link CpuBiLstm} for one worker: direction by direction, a group's chunks of
 * time steps from the last to the first.
 *
 * <p>Gradients of weights are summed lane by lane over all groups of a micro-batch before their
 * lanes are added up, which so costs little.
 */
final class CpuBiLstmBackward {
  private final BiLstm.Options options;
  private final int chunk;
  private final int d;
  private final int h;
  private final CpuTensor zs;
  private final CpuTensor tapes;
  private final CpuTensor dYs;
  private final CpuTensor dZs;
  private final CpuTensor dW;
  private final float[] w;
  private final int wAt;

  // Transposed weights of one direction, made for every micro-batch.
  private final float[] inputTransposed;
  private final float[] hiddenTransposed;
  private final float[] projectionTransposed;

  private final float[] zero;
  private final float[] lengths = new float[LANES];
  private final float[] sums; // of weight gradients, in the order of a direction's weights
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

  CpuBiLstmBackward(
      BiLstm.Options options,
      int chunk,
      CpuTensor z,
      CpuTensor w,
      CpuTensor tape,
      CpuTensor dY,
      CpuTensor dZ,
      CpuTensor dW) {
    this.options = options;
    this.chunk = chunk;
    this.d = options.d();
    this.h = options.hidden();
    this.zs = z;
    this.w = w.array();
    this.wAt = w.offset();
    this.tapes = tape;
    this.dYs = dY;
    this.dZs = dZ;
    this.dW = dW;
    inputTransposed = new float[4 * h * d];
    hiddenTransposed = new float[4 * h * h];
    projectionTransposed = new float[options.projected() ? h * d : 0];
    zero = new float[h * LANES];
    int rows = Math.max(options.directionWeights(), options.projected() ? 2 * h * d : 0);
    sums = new float[rows * LANES];
    dGates = new float[chunk * 4 * h * LANES];
    dOut = new float[options.projected() ? chunk * h * LANES : 0];
    dHidden = new float[h * LANES];
    dState = new float[h * LANES];
    zAlive = new float[chunk * d * LANES];
    dYAlive = new float[chunk * d * LANES];
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
    if (options.projected()) {
      Arrays.fill(sums, 0, 2 * h * d * LANES, 0);
      for (int g = 0; g < micro.groups(); g++) {
        eachChunk(micro, g, 0, true);
      }
      LaneRows.addLanes(sums, 2 * h * d, dW.slot(micro), dW.offset() + options.projection());
    }
    for (int direction = 0; direction < 2; direction++) {
      transpose(direction);
      Arrays.fill(sums, 0, options.directionWeights() * LANES, 0);
      for (int g = 0; g < micro.groups(); g++) {
        Arrays.fill(dHidden, 0);
        Arrays.fill(dState, 0);
        eachChunk(micro, g, direction, false);
      }
      LaneRows.addLanes(
          sums,
          options.directionWeights(),
          dW.slot(micro),
          dW.offset() + options.inputWeights(direction));
    }
  }

  private void transpose(int direction) {
    transpose(wAt + options.inputWeights(direction), d, 4 * h, inputTransposed);
    transpose(wAt + options.hiddenWeights(direction), h, 4 * h, hiddenTransposed);
    if (options.projected()) {
      transpose(wAt + options.projection() + direction * h * d, h, d, projectionTransposed);
    }
  }

  private void transpose(int at, int rows, int columns, float[] result) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        result[c * rows + r] = w[at + r * columns + c];
      }
    }
  }

  /** Takes a group's chunks in the reverse of the direction's order. */
  private void eachChunk(MicroBatch micro, int g, int direction, boolean projection) {
    int n = micro.groupLength(g);
    int position = micro.groupPosition(g);
    boolean ragged = LaneRows.ragged(micro, g, lengths);
    for (int left = n; left > 0; left -= chunk) {
      int count = Math.min(chunk, left);
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
        LaneProducts.outer(
            tape, tapeAt + hidden(0), tapeStep(), 2 * h, dY, dYAt, d * LANES, d, count, sums, 0);
      } else {
        boolean startsHere = direction == 0 ? first == 0 : first + count == n;
        recurrence(direction, first, count, startsHere, ragged, tapeAt);
        float[] dZ = dZs.array(micro);
        int dZAt = dZs.base(micro) + (position + first) * d * LANES;
        products(direction, count, startsHere, tapeAt, dZ, dZAt);
      }
    }
  }

  /** The derivatives by the gates of a chunk, time step by time step. */
  private void recurrence(
      int direction, int first, int count, boolean startsHere, boolean ragged, int tapeAt) {
    float[] out = dY;
    int outAt = dYAt + direction * h * LANES;
    int outStep = d * LANES;
    if (options.projected()) {
      out = dOut;
      outAt = 0;
      outStep = h * LANES;
      Arrays.fill(dOut, 0);
      LaneProducts.multiply(
          dY, dYAt, d * LANES, projectionTransposed, 0, d, h, dOut, 0, h * LANES, count);
    }
    for (int s = 0; s < count; s++) {
      int t = direction == 0 ? count - 1 - s : s;
      int at = tapeAt + t * tapeStep();
      int before = direction == 0 ? at - tapeStep() : at + tapeStep();
      boolean start = startsHere && s == count - 1;
      int gates = t * 4 * h * LANES;
      LstmCell.backward(
          h,
          tape,
          at + cell(direction),
          start ? zero : tape,
          start ? 0 : before + cell(direction) + LstmCell.STATE * h * LANES,
          out,
          outAt + t * outStep,
          dHidden,
          dState,
          dGates,
          gates);
      if (ragged) {
        LaneRows.keepAlive(dGates, gates, 4 * h, lengths, first + t);
        LaneRows.keepAlive(dState, 0, h, lengths, first + t);
      }
      Arrays.fill(dHidden, 0);
      LaneProducts.multiply(dGates, gates, 0, hiddenTransposed, 0, 4 * h, h, dHidden, 0, 0, 1);
    }
  }

  /** From the derivatives by the gates of a chunk to those by z and by the weights. */
  private void products(
      int direction, int count, boolean startsHere, int tapeAt, float[] dZ, int dZAt) {
    int gateStep = 4 * h * LANES;
    if (direction == 0) {
      System.arraycopy(dY, dYAt, dZ, dZAt, count * d * LANES);
    }
    LaneProducts.multiply(
        dGates, 0, gateStep, inputTransposed, 0, 4 * h, d, dZ, dZAt, d * LANES, count);
    LaneProducts.outer(z, zAt, d * LANES, d, dGates, 0, gateStep, 4 * h, count, sums, 0);
    // h of the time step before: there is none at the start, where h is 0.
    int withBefore = startsHere ? count - 1 : count;
    int skipped = direction == 0 ? count - withBefore : 0;
    int before = direction == 0 ? skipped - 1 : 1;
    LaneProducts.outer(
        tape,
        tapeAt + before * tapeStep() + hidden(direction),
        tapeStep(),
        h,
        dGates,
        skipped * gateStep,
        gateStep,
        4 * h,
        withBefore,
        sums,
        d * gateStep);
    LaneRows.addPositions(dGates, 0, gateStep, 4 * h, count, sums, (d + h) * gateStep);
  }
}
