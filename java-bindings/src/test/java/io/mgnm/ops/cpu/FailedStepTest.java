package io.mgnm.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Adam;
import io.mgnm.ops.Axis;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** After a loss that was not finite, parameters, moments and counts stay as they are. */
class FailedStepTest {

  @Test
  void nothingChangesAfterAFailedStep() {
    try (CpuBackend backend = new CpuBackend(new BackendOptions(2));
        Scope scope = backend.scope("test")) {
      Tensor p = ones(scope, 3, 4);
      Tensor m = ones(scope, 3, 4);
      Tensor v = ones(scope, 3, 4);
      IntTensor steps = scope.ints(3);
      Batch batch = scope.batch(new BatchShape(1, 1, 1, 0, 4, 1, 1));
      batch.upload(
          new Histories(new int[1], new int[] {2}, new int[] {0, 1}, new int[1], new int[0]));
      Tensor dU = batch.tensor(Axis.HISTORIES, 4, Lifetime.KEPT);
      dU.upload(new float[] {1, 2, 3, 4});
      RowGradients rows = scope.rowGradients(3, 4);
      backend.embeddingGradient().users(batch, dU, rows);
      StepState state = scope.stepState();
      state.set(1, 0.1);
      backend.own(state).failedStep = 1;
      Adam adam = backend.adam(Adam.Options.withL2(0.1));
      adam.dense(p, ones(scope, 3, 4), m, v, state);
      adam.table(p, rows, m, v, state);
      adam.touched(p, rows, m, v, steps, state);
      assertThat(p.download()).containsOnly(1);
      assertThat(m.download()).containsOnly(1);
      assertThat(v.download()).containsOnly(1);
      assertThat(steps.download()).containsOnly(0);
      state.set(1, 0.1); // clears the failure
      adam.touched(p, rows, m, v, steps, state);
      assertThat(steps.download()).containsExactly(0, 0, 1);
      assertThat(Arrays.copyOfRange(p.download(), 8, 12)).doesNotContain(1);
    }
  }

  private static Tensor ones(Scope scope, int rows, int width) {
    Tensor tensor = scope.floats(rows, width);
    float[] values = new float[rows * width];
    Arrays.fill(values, 1);
    tensor.upload(values);
    return tensor;
  }
}
