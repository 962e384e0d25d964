package io.mgnm.ops.cpu;

import io.mgnm.ops.Adam;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Arrays;

/** Shares values or rows out; {@link AdamUpdate} does the arithmetic. */
final class CpuAdam implements Adam {
  private static final int VALUES_A_PIECE = 1 << 13;
  private static final int TOUCHED_ROWS_A_PIECE = 128;

  private final CpuBackend backend;
  private final Options options;

  CpuAdam(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void dense(Tensor p, Tensor gradient, Tensor m, Tensor v, StepState stepState) {
    Adam.checkDense(p, gradient, m, v);
    AdamUpdate update = new AdamUpdate(options, backend.own(p), backend.own(m), backend.own(v));
    CpuTensor g = backend.own(gradient);
    CpuStepState state = backend.own(stepState);
    int size = p.size();
    Workers.Pieces piece =
        (number, worker) -> {
          int from = number * VALUES_A_PIECE;
          int values = Math.min(VALUES_A_PIECE, size - from);
          float a = update.rate(state.step, state.learningRate);
          float c = update.scale(state.step);
          update.run(from, values, g.array(), g.offset() + from, a, c);
        };
    share(state, Math.ceilDiv(size, VALUES_A_PIECE), piece);
  }

  @Override
  public void touched(
      Tensor p, RowGradients sums, Tensor m, Tensor v, IntTensor stepCounts, StepState stepState) {
    Adam.checkRows("touched", p, sums, m, v);
    Adam.checkSteps(p, stepCounts);
    AdamUpdate update = new AdamUpdate(options, backend.own(p), backend.own(m), backend.own(v));
    CpuRowGradients gradients = backend.own(sums);
    int[] steps = backend.own(stepCounts).values;
    CpuStepState state = backend.own(stepState);
    int d = gradients.width;
    // Corrections of a piece first, then its rows: in a tight loop the processor fetches rows
    // ahead.
    float[][] rates = new float[backend.workers().size()][TOUCHED_ROWS_A_PIECE];
    float[][] scales = new float[backend.workers().size()][TOUCHED_ROWS_A_PIECE];
    Workers.Pieces piece =
        (number, worker) -> {
          int first = number * TOUCHED_ROWS_A_PIECE;
          int rows = Math.min(TOUCHED_ROWS_A_PIECE, gradients.count - first);
          for (int i = 0; i < rows; i++) {
            int t = ++steps[gradients.rows[first + i]];
            rates[worker][i] = update.rate(t, state.learningRate);
            scales[worker][i] = update.scale(t);
          }
          for (int i = 0; i < rows; i++) {
            int row = gradients.rows[first + i];
            update.run(
                row * d, d, gradients.sums, (first + i) * d, rates[worker][i], scales[worker][i]);
          }
        };
    backend.whole(
        () -> {
          if (state.failedStep < 0) {
            backend.workers().run(Math.ceilDiv(gradients.count, TOUCHED_ROWS_A_PIECE), piece);
          }
        });
  }

  @Override
  public void table(Tensor p, RowGradients sums, Tensor m, Tensor v, StepState stepState) {
    Adam.checkRows("table", p, sums, m, v);
    AdamUpdate update = new AdamUpdate(options, backend.own(p), backend.own(m), backend.own(v));
    CpuRowGradients gradients = backend.own(sums);
    CpuStepState state = backend.own(stepState);
    int d = gradients.width;
    int rows = p.rows();
    int rowsAPiece = Math.max(1, VALUES_A_PIECE / d);
    float[] none = new float[rowsAPiece * d];
    Workers.Pieces piece =
        (number, worker) -> {
          int row = number * rowsAPiece;
          int end = Math.min(rows, row + rowsAPiece);
          int next = firstAtLeast(gradients, row);
          float a = update.rate(state.step, state.learningRate);
          float c = update.scale(state.step);
          while (row < end) {
            // The rows up to the next touched one, then that one.
            int gap = next < gradients.count ? Math.min(end, gradients.rows[next]) : end;
            if (gap > row) {
              update.run(row * d, (gap - row) * d, none, 0, a, c);
            }
            if (gap < end) {
              update.run(gap * d, d, gradients.sums, next * d, a, c);
              next++;
            }
            row = gap + 1;
          }
        };
    share(state, Math.ceilDiv(rows, rowsAPiece), piece);
  }

  private void share(CpuStepState state, int pieces, Workers.Pieces piece) {
    backend.whole(
        () -> {
          if (state.failedStep < 0) {
            backend.workers().run(pieces, piece);
          }
        });
  }

  private static int firstAtLeast(CpuRowGradients gradients, int row) {
    int found = Arrays.binarySearch(gradients.rows, 0, gradients.count, row);
    return found >= 0 ? found : -found - 1;
  }
}
