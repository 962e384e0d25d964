package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Batch;
import io.mgnm.ops.EmbeddingGather;
import io.mgnm.ops.Tensor;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;

/** Copies the rows of one micro-batch at a time, so that what follows finds them in cache. */
final class CpuEmbeddingGather implements EmbeddingGather {
  private final CpuBackend backend;

  CpuEmbeddingGather(CpuBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Batch batch, Tensor items, Tensor users, Tensor x, Tensor u, Tensor e) {
    EmbeddingGather.check(batch, items, users, x, u, e);
    CpuBatch histories = backend.own(batch);
    CpuTensor itemTable = backend.own(items);
    CpuTensor userTable = backend.own(users);
    CpuTensor itemRows = backend.own(x);
    CpuTensor userRows = backend.own(u);
    CpuTensor candidateRows = backend.own(e);
    int candidates = batch.shape().candidates();
    backend.perHistory(
        histories,
        micro -> {
          int first = micro.firstHistory();
          int count = micro.histories();
          gather(itemTable, histories.items, micro.firstItem(), micro.items(), itemRows, micro);
          gather(userTable, histories.users, first, count, userRows, micro);
          gather(
              itemTable,
              histories.candidates,
              first * candidates,
              count * candidates,
              candidateRows,
              micro);
        });
  }

  private static void gather(
      CpuTensor table, int[] ids, int first, int count, CpuTensor rows, MicroBatch micro) {
    int d = table.width();
    float[] source = table.array();
    float[] target = rows.array(micro);
    int base = rows.base(micro);
    for (int i = 0; i < count; i++) {
      int row = Objects.checkIndex(ids[first + i], table.rows()); // a slice has neighbours
      copy(source, table.offset() + row * d, target, base + i * d, d);
    }
  }

  /** A row is too short for a call of arraycopy to be worth it. */
  private static void copy(float[] source, int from, float[] target, int to, int d) {
    int k = 0;
    for (; k + STEP <= d; k += STEP) {
      FloatVector.fromArray(FLOATS, source, from + k).intoArray(target, to + k);
    }
    for (; k < d; k++) {
      target[to + k] = source[from + k];
    }
  }
}
