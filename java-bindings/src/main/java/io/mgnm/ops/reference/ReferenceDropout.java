package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.Philox;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/** Every value by itself: its counter, its word, whether it stays. */
final class ReferenceDropout implements Dropout {
  private final ReferenceBackend backend;
  private final Options options;
  private final int[] words = new int[4];

  ReferenceDropout(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void apply(StepState stepState, Batch over, Tensor x) {
    Dropout.check(over, x);
    ReferenceStepState state = ReferenceStepState.of(stepState);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor rows = ReferenceTensor.of(x);
    int d = rows.width();
    int counters = (d + 3) / 4; // of a row
    backend.run(
        () -> {
          int step = (int) (state.step - 1);
          for (int b = 0; b < batch.count(); b++) {
            int sample = batch.histories().samples()[b];
            for (int t = batch.begin(b); t < batch.end(b); t++) {
              int fromEnd = batch.end(b) - 1 - t;
              for (int k = 0; k < d; k++) {
                int index = fromEnd * counters + k / 4;
                Philox.words(options.seed(), Philox.DROPOUT, step, sample, index, words);
                boolean dropped = Integer.compareUnsigned(words[k % 4], options.threshold()) < 0;
                rows.set(t, k, dropped ? 0 : rows.get(t, k) * options.scale());
              }
            }
          }
        });
  }
}
