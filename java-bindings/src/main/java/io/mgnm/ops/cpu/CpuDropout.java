package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.Philox;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** Goes through the rows of one micro-batch at a time, while they are in cache. */
final class CpuDropout implements Dropout {
  private static final long LOW = 0xFFFFFFFFL;

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
    int counters = (rows.width() + 3) / 4; // of a row
    int room = Math.multiplyExact(counters, over.shape().maxLength());
    int[][][] words = new int[backend.workers().size()][4][room];
    backend.perHistory(
        batch,
        micro -> {
          int[][] own = words[micro.worker()];
          for (int h = 0; h < micro.histories(); h++) {
            PhiloxLanes.words(
                options.seed(),
                Philox.DROPOUT,
                (int) (state.step - 1),
                batch.samples[micro.firstHistory() + h],
                1,
                counters * micro.length(h),
                own);
            for (int t = 0; t < micro.length(h); t++) {
              int fromEnd = micro.length(h) - 1 - t;
              int row = rows.base(micro) + (micro.begin(h) + t) * rows.width();
              drop(own, fromEnd * counters, rows.array(micro), row, rows.width());
            }
          }
        });
  }

  /** Drops values of one row, whose counters begin at {@code first}. */
  private void drop(int[][] words, int first, float[] values, int at, int d) {
    for (int word = 0; word < Math.min(4, d); word++) {
      int[] drawn = words[word];
      for (int k = word; k < d; k += 4) {
        // Without a branch, which nothing could predict.
        long below = (drawn[first + k / 4] & LOW) - (options.threshold() & LOW);
        int kept = (int) ~(below >> 63);
        int bits = Float.floatToRawIntBits(values[at + k] * options.scale()) & kept;
        values[at + k] = Float.intBitsToFloat(bits);
      }
    }
  }
}
