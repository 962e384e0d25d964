package io.mgnm.ops.cpu;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.Tensor;

/**
 * Copies ranges of arrays. The CPU itself has no need of parts: its micro-batches are smaller, and
 * {@link io.mgnm.ops.Lifetime#LOCAL} tensors hold one of them.
 */
final class CpuBatchParts implements BatchParts {
  private final CpuBackend backend;

  CpuBatchParts(CpuBackend backend) {
    this.backend = backend;
  }

  @Override
  public void take(Batch over, int number, Batch into) {
    BatchParts.checkTake(over, number, into);
    CpuBatch whole = backend.own(over);
    CpuBatch part = backend.own(into);
    backend.whole(() -> take(whole, first(whole, number, part), part));
  }

  /** The part's first history, or the end of the whole. */
  private static int first(CpuBatch whole, int number, CpuBatch part) {
    return (int) Math.min((long) number * part.shape().histories(), whole.count());
  }

  private static void take(CpuBatch whole, int first, CpuBatch part) {
    int count = Math.min(part.shape().histories(), whole.count() - first);
    int begin = whole.offsets[first];
    int candidates = part.shape().candidates();
    System.arraycopy(whole.samples, first, part.samples, 0, count);
    System.arraycopy(whole.users, first, part.users, 0, count);
    for (int h = 0; h <= count; h++) {
      part.offsets[h] = whole.offsets[first + h] - begin;
    }
    System.arraycopy(whole.items, begin, part.items, 0, part.offsets[count]);
    System.arraycopy(whole.candidates, first * candidates, part.candidates, 0, count * candidates);
    part.setCount(count);
  }

  @Override
  public void put(Batch over, int number, Batch from, Tensor rows, Tensor into) {
    BatchParts.checkPut(rows, into);
    CpuBatch whole = backend.own(over);
    CpuBatch part = backend.own(from);
    CpuTensor source = backend.ownKept("batch_parts.put", "rows", rows);
    CpuTensor target = backend.ownKept("batch_parts.put", "into", into);
    Axis axis = rows.axis();
    int width = rows.width();
    backend.whole(
        () -> {
          int first = first(whole, number, part);
          int begin =
              axis == Axis.ITEMS
                  ? whole.offsets[first]
                  : axis == Axis.CANDIDATES ? first * whole.shape().candidates() : first;
          System.arraycopy(
              source.array(), 0, target.array(), begin * width, part.rows(axis) * width);
        });
  }

  @Override
  public void add(int number, Tensor sum, Tensor total) {
    BatchParts.checkAdd(sum, total);
    CpuTensor source = backend.own(sum);
    CpuTensor target = backend.own(total);
    int size = sum.size();
    backend.whole(
        () -> {
          for (int i = 0; i < size; i++) {
            float before = number == 0 ? 0 : target.array()[target.offset() + i];
            target.array()[target.offset() + i] = before + source.array()[source.offset() + i];
          }
        });
  }
}
