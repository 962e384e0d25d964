package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import io.mgnm.simulator.junit.SimulatedCuda;
import org.junit.jupiter.api.Test;

/** Batches and their tensors go to the device and come back in canonical order. */
@SimulatedCuda
class CudaBatchTest {
  private static final Histories HISTORIES =
      new Histories(
          new int[] {7, 8, 9},
          new int[] {1, 2, 3},
          new int[] {0, 2, 3, 7},
          new int[] {10, 11, 12, 13, 14, 15, 16},
          new int[] {20, 21, 22, 23, 24, 25});

  @Test
  void comesBack() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Batch batch = scope.batch(new BatchShape(4, 9, 5, 2, 3, 2, 2));
      batch.upload(HISTORIES);
      assertThat(batch.download()).usingRecursiveComparison().isEqualTo(HISTORIES);
      for (Axis axis : new Axis[] {Axis.HISTORIES, Axis.ITEMS, Axis.CANDIDATES, Axis.PAIRS}) {
        comesBack(batch.tensor(axis, 3, Lifetime.KEPT));
      }
      assertThat(batch.tensor(Axis.PAIRS, 1, Lifetime.KEPT).rows()).isEqualTo(4 + 1 + 16);
      comesBack(batch.capsules(Axis.ITEMS, 3, Lifetime.KEPT));
      comesBack(batch.capsules(Axis.HISTORIES, 3, Lifetime.KEPT));
    }
  }

  private static void comesBack(Tensor tensor) {
    float[] values = new float[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 1;
    }
    tensor.upload(values);
    assertThat(tensor.download()).isEqualTo(values);
  }

  @Test
  void capsulesOfItemsLieSequenceBySequence() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      Batch batch = scope.batch(new BatchShape(3, 7, 5, 2, 1, 2, 2));
      batch.upload(HISTORIES);
      CudaTensor tensor = (CudaTensor) batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      float[] values = new float[28];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      tensor.upload(values);
      float[] raw = new float[28];
      ((CudaBackend) cuda).stream().download(tensor.buffer(), raw);
      // Two items of the first history, capsule by capsule; then the second history's only item.
      assertThat(raw).startsWith(0, 4, 1, 5, 2, 6, 3, 7, 8, 9, 10, 11, 12, 16, 20, 24);
    }
  }
}
