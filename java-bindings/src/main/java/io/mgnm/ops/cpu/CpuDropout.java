package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.Philox;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** Goes through the rows of one micro-batch at a time, while they are in cache. */
final class CpuDropout implements Dropout {
  private final CpuBackend backend;
  private final Options options;

  CpuDropout(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void apply(StepState stepState, Batch over, Tensor x) {
    Dropout.check(over, x);
    CpuStepState state = backend.own(stepState);
    CpuBatch batch = backend.own(over);
    CpuTensor rows = backend.own(x);
    int[][] words = new int[backend.workers().size()][4];
    backend.perHistory(
        batch,
        micro -> {
          int step = (int) (state.step - 1);
          int row = 0;
          for (int h = 0; h < micro.histories(); h++) {
            int sample = batch.samples[micro.firstHistory() + h];
            for (int fromEnd = micro.length(h) - 1; fromEnd >= 0; fromEnd--) {
              drop(step, sample, fromEnd, rows, micro, row, words[micro.worker()]);
              row++;
            }
          }
        });
  }

  private void drop(
      int step, int sample, int fromEnd, CpuTensor rows, MicroBatch micro, int row, int[] words) {
    int d = rows.width();
    int counters = (d + 3) / 4;
    int threshold = options.threshold();
    float scale = options.scale();
    float[] values = rows.array(micro);
    int at = rows.base(micro) + row * d;
    for (int k = 0; k < d; k++) {
      if (k % 4 == 0) {
        int index = fromEnd * counters + k / 4;
        Philox.words(options.seed(), Philox.DROPOUT, step, sample, index, words);
      }
      boolean dropped = Integer.compareUnsigned(words[k % 4], threshold) < 0;
      values[at + k] = dropped ? 0 : values[at + k] * scale;
    }
  }
}
