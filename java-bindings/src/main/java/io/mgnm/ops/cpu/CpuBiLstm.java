package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.SequenceEncoder;
import io.mgnm.ops.Tensor;
import java.util.Arrays;

/**
 * Both directions over each lane group, time step by time step; what z gives to the gates is
 * computed ahead for a few of them, so that a weight that is loaded serves several.
 *
 * <p>The tape of a position: a {@link LstmCell} of the forward direction, one of the backward
 * direction, then h→ and h←. In groups with lanes of several lengths the state is 0 behind a lane's
 * end, so that the backward direction starts at it.
 */
final class CpuBiLstm implements BiLstm {
  private static final int CHUNK = 8; // positions: their gates stay in the first-level cache

  private final CpuBackend backend;
  private final Options options;
  private final int d;
  private final int h;

  CpuBiLstm(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
    this.d = options.d();
    this.h = options.hidden();
  }

  @Override
  public int weights() {
    return options.weights();
  }

  @Override
  public Tensor tape(Batch batch, Lifetime lifetime) {
    return batch.capsules(Axis.ITEMS, tapeWidth(), lifetime);
  }

  private int tapeWidth() {
    return 2 * (LstmCell.ROWS + 1) * h;
  }

  /** Where the cell of a direction begins in the tape of a position. */
  private int cell(int direction) {
    return direction * LstmCell.ROWS * h * LANES;
  }

  /** Where the state c of a direction begins. */
  private int state(int direction) {
    return cell(direction) + LstmCell.STATE * h * LANES;
  }

  /** Where h of a direction begins. */
  private int hidden(int direction) {
    return (2 * LstmCell.ROWS + direction) * h * LANES;
  }

  @Override
  public void forward(Batch over, Tensor in, Tensor weights, Tensor out, Tensor states) {
    SequenceEncoder.check("bilstm.forward", d, weights(), weights, tapeWidth(), states, in, out);
    CpuBatch batch = backend.own(over);
    CpuTensor z = backend.own(in);
    CpuTensor w = backend.own(weights);
    CpuTensor y = backend.own(out);
    CpuTensor tape = backend.own(states);
    LstmGates[] gates = new LstmGates[2];
    Arrays.setAll(gates, direction -> new LstmGates(options, direction, w));
    Forward[] workers = new Forward[backend.workers().size()];
    Arrays.setAll(workers, worker -> new Forward(gates, z, w, y, tape));
    backend.perHistory(
        batch,
        new HistoryTask() {
          @Override
          public void begin() {
            gates[0].load();
            gates[1].load();
          }

          @Override
          public void run(MicroBatch micro) {
            workers[micro.worker()].run(micro);
          }
        });
  }

  /** The forward of one worker. */
  private final class Forward {
    private final CpuTensor zs;
    private final CpuTensor ys;
    private final CpuTensor tapes;
    private final float[] w;
    private final int wAt;
    private final LstmGates[] gates;
    private final float[] zero = new float[h * LANES];
    private final float[] lengths = new float[LANES];
    private float[] z;
    private float[] y;
    private float[] tape;
    private boolean ragged;

    Forward(LstmGates[] gates, CpuTensor z, CpuTensor w, CpuTensor y, CpuTensor tape) {
      this.gates = gates;
      this.zs = z;
      this.w = w.array();
      this.wAt = w.offset();
      this.ys = y;
      this.tapes = tape;
    }

    void run(MicroBatch micro) {
      z = zs.array(micro);
      y = ys.array(micro);
      tape = tapes.array(micro);
      for (int g = 0; g < micro.groups(); g++) {
        int n = micro.groupLength(g);
        int first = micro.groupPosition(g) * LANES;
        int zAt = zs.base(micro) + first * d;
        int tapeAt = tapes.base(micro) + first * tapeWidth();
        ragged = LaneRows.ragged(micro, g, lengths);
        for (int direction = 0; direction < 2; direction++) {
          for (int s = 0; s < n; s++) {
            int t = direction == 0 ? s : n - 1 - s;
            if (s % CHUNK == 0) {
              int count = Math.min(CHUNK, n - s);
              ahead(direction, direction == 0 ? t : t + 1 - count, count, zAt, tapeAt);
            }
            timeStep(direction, t, s == 0, tapeAt);
          }
        }
        output(n, zAt, ys.base(micro) + first * d, tapeAt);
      }
    }

    /** What z gives to the gates of positions from {@code first} on. */
    private void ahead(int direction, int first, int count, int zAt, int tapeAt) {
      int step = tapeWidth() * LANES;
      int from = zAt + first * d * LANES;
      gates[direction].start(z, from, tape, tapeAt + first * step + cell(direction), step, count);
    }

    private void timeStep(int direction, int t, boolean start, int tapeAt) {
      int step = tapeWidth() * LANES;
      int at = tapeAt + t * step;
      int before = direction == 0 ? at - step : at + step;
      float[] previous = start ? zero : tape;
      int hiddenBefore = start ? 0 : before + hidden(direction);
      int stateBefore = start ? 0 : before + state(direction);
      int cell = at + cell(direction);
      int out = at + hidden(direction);
      gates[direction].add(previous, hiddenBefore, tape, cell);
      LstmCell.forward(h, tape, cell, previous, stateBefore, tape, out);
      if (ragged) {
        LaneRows.keepAlive(tape, at + state(direction), h, 1, lengths, t);
        LaneRows.keepAlive(tape, out, h, 1, lengths, t);
      }
    }

    private void output(int n, int zAt, int yAt, int tapeAt) {
      int step = tapeWidth() * LANES;
      if (options.projected()) {
        LaneProducts.multiply(
            z,
            zAt,
            d * LANES,
            tape,
            tapeAt + hidden(0),
            step,
            w,
            wAt + options.projection(),
            2 * h,
            d,
            y,
            yAt,
            d * LANES,
            n);
      } else {
        for (int t = 0; t < n; t++) {
          int row = t * d * LANES;
          LaneRows.add(z, zAt + row, tape, tapeAt + t * step + hidden(0), y, yAt + row, d);
        }
      }
      if (ragged) {
        LaneRows.keepAlive(y, yAt, d, n, lengths, 0);
      }
    }
  }

  @Override
  public void backward(
      Batch over,
      Tensor in,
      Tensor weights,
      Tensor out,
      Tensor states,
      Tensor outGradients,
      Tensor inGradients,
      Tensor weightGradients) {
    String operation = "bilstm.backward";
    SequenceEncoder.check(
        operation, d, weights(), weights, tapeWidth(), states, in, out, outGradients, inGradients);
    SequenceEncoder.check(operation, d, weights(), weightGradients, tapeWidth(), states);
    CpuBatch batch = backend.own(over);
    CpuTensor z = backend.own(in);
    CpuTensor w = backend.own(weights);
    CpuTensor tape = backend.own(states);
    CpuTensor dY = backend.own(outGradients);
    CpuTensor dZ = backend.own(inGradients);
    CpuTensor dW = backend.own(weightGradients);
    LstmTransposes transposed = new LstmTransposes(options, w);
    CpuBiLstmBackward[] workers = new CpuBiLstmBackward[backend.workers().size()];
    Arrays.setAll(workers, k -> new CpuBiLstmBackward(options, z, transposed, tape, dY, dZ, dW));
    backend.perHistory(
        batch,
        new HistoryTask() {
          @Override
          public void begin() {
            transposed.load();
          }

          @Override
          public void run(MicroBatch micro) {
            workers[micro.worker()].run(micro);
          }
        },
        dW);
  }
}
