package io.mgnm.ops.reference;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Tensor;
import java.util.Arrays;

/** Copies ranges of arrays. */
final class ReferenceBatchParts implements BatchParts {
  private final ReferenceBackend backend;

  ReferenceBatchParts(ReferenceBackend backend) {
    this.backend = backend;
  }

  @Override
  public void take(Batch whole, int number, Batch part) {
    BatchParts.checkTake(whole, number, part);
    ReferenceBatch from = ReferenceBatch.of(whole);
    ReferenceBatch to = ReferenceBatch.of(part);
    int capacity = part.shape().histories();
    int candidates = part.shape().candidates();
    backend.run(
        () -> {
          Histories all = from.histories();
          int first = Math.min(number * capacity, from.count());
          int end = Math.min(first + capacity, from.count());
          int[] offsets = Arrays.copyOfRange(all.offsets(), first, end + 1);
          int begin = offsets[0];
          Arrays.setAll(offsets, h -> offsets[h] - begin);
          to.upload(
              new Histories(
                  Arrays.copyOfRange(all.samples(), first, end),
                  Arrays.copyOfRange(all.users(), first, end),
                  offsets,
                  Arrays.copyOfRange(all.items(), begin, begin + offsets[end - first]),
                  Arrays.copyOfRange(all.candidates(), first * candidates, end * candidates)));
        });
  }

  @Override
  public void put(Batch whole, int number, Batch part, Tensor rows, Tensor into) {
    BatchParts.checkPut(rows, into);
    ReferenceBatch all = ReferenceBatch.of(whole);
    ReferenceTensor from = ReferenceTensor.of(rows);
    ReferenceTensor to = ReferenceTensor.of(into);
    int capacity = part.shape().histories();
    int candidates = whole.shape().candidates();
    backend.run(
        () -> {
          int first = Math.min(number * capacity, all.count());
          int begin =
              rows.axis() == Axis.ITEMS
                  ? all.begin(first)
                  : rows.axis() == Axis.CANDIDATES ? first * candidates : first;
          for (int row = 0; row < from.rows(); row++) {
            for (int k = 0; k < from.width(); k++) {
              to.set(begin + row, k, from.get(row, k));
            }
          }
        });
  }

  @Override
  public void add(int number, Tensor sum, Tensor total) {
    BatchParts.checkAdd(sum, total);
    ReferenceTensor from = ReferenceTensor.of(sum);
    ReferenceTensor to = ReferenceTensor.of(total);
    int width = total.width();
    backend.run(
        () -> {
          for (int i = 0; i < from.size(); i++) {
            double before = number == 0 ? 0 : to.get(i / width, i % width);
            to.set(i / width, i % width, before + from.get(i / sum.width(), i % sum.width()));
          }
        });
  }
}
