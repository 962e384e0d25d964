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
 * Both directions over each lane group, in chunks of {@link #CHUNK} time steps: the products that
 * are not recurrent ({@code z Wx}, and in the backward those with z and the gates' derivatives) are
 * done for a whole chunk, so that each weight loaded serves several time steps, and what a chunk
 * needs stays in the first-level cache.
 *
 * <p>The tape of a position: a {@link LstmCell} of the forward direction, one of the backward
 * direction, then h→ and h←. In groups with lanes of several lengths the state is 0 behind a lane's
 * end, so that the backward direction starts at it.
 */
final class CpuBiLstm implements BiLstm {
  private static final int CHUNK = 16;

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
    Forward[] workers = new Forward[backend.workers().size()];
    Arrays.setAll(workers, worker -> new Forward(z, w, y, tape));
    backend.perHistory(batch, micro -> workers[micro.worker()].run(micro));
  }

  /** The forward of one worker. */
  private final class Forward {
    private final CpuTensor zs;
    private final CpuTensor ys;
    private final CpuTensor tapes;
    private final float[] w;
    private final int wAt;
    private final float[] zero = new float[h * LANES];
    private final float[] lengths = new float[LANES];
    private float[] z;
    private float[] y;
    private float[] tape;
    private boolean ragged;

    Forward(CpuTensor z, CpuTensor w, CpuTensor y, CpuTensor tape) {
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
          for (int done = 0; done < n; done += CHUNK) {
            int count = Math.min(CHUNK, n - done);
            chunk(direction, direction == 0 ? done : n - done - count, count, n, zAt, tapeAt);
          }
        }
        output(n, zAt, ys.base(micro) + first * d, tapeAt);
      }
    }

    private void chunk(int direction, int first, int count, int n, int zAt, int tapeAt) {
      int step = tapeWidth() * LANES;
      int gates = tapeAt + first * step + cell(direction);
      LaneRows.fill(w, wAt + options.bias(direction), 4 * h, tape, gates, step, count);
      LaneProducts.multiply(
          z,
          zAt + first * d * LANES,
          d * LANES,
          w,
          wAt + options.inputWeights(direction),
          d,
          4 * h,
          tape,
          gates,
          step,
          count);
      for (int s = 0; s < count; s++) {
        int t = direction == 0 ? first + s : first + count - 1 - s;
        int at = tapeAt + t * step;
        boolean start = t == (direction == 0 ? 0 : n - 1);
        int before = direction == 0 ? at - step : at + step;
        LaneProducts.multiply(
            start ? zero : tape,
            start ? 0 : before + hidden(direction),
            0,
            w,
            wAt + options.hiddenWeights(direction),
            h,
            4 * h,
            tape,
            at + cell(direction),
            0,
            1);
        LstmCell.forward(
            h,
            tape,
            at + cell(direction),
            start ? zero : tape,
            start ? 0 : before + state(direction),
            tape,
            at + hidden(direction));
        if (ragged) {
          LaneRows.keepAlive(tape, at + state(direction), h, lengths, t);
          LaneRows.keepAlive(tape, at + hidden(direction), h, lengths, t);
        }
      }
    }

    private void output(int n, int zAt, int yAt, int tapeAt) {
      int step = tapeWidth() * LANES;
      if (options.projected()) {
        System.arraycopy(z, zAt, y, yAt, n * d * LANES);
        LaneProducts.multiply(
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
        LaneRows.copyAlive(y, yAt, y, yAt, d, n, lengths, 0);
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
    CpuBiLstmBackward[] workers = new CpuBiLstmBackward[backend.workers().size()];
    Arrays.setAll(workers, worker -> new CpuBiLstmBackward(options, CHUNK, z, w, tape, dY, dZ, dW));
    backend.perHistory(batch, micro -> workers[micro.worker()].run(micro), dW);
  }
}
