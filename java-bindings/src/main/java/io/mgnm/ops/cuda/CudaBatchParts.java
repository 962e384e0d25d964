package io.mgnm.ops.cuda;

import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code batch_parts.cu}, whose header says how. */
final class CudaBatchParts implements BatchParts {
  private static final String STEM = "batch_parts";
  private static final int BLOCK = 256;

  private final CudaBackend backend;

  CudaBatchParts(CudaBackend backend) {
    this.backend = backend;
  }

  @Override
  public void take(Batch over, int number, Batch into) {
    BatchParts.checkTake(over, number, into);
    CudaBatch whole = backend.own(over);
    CudaBatch part = backend.own(into);
    int capacity = part.shape().histories();
    int first = Math.multiplyExact(number, capacity);
    backend.launch(
        backend
            .kernel(STEM, "batch_parts_take", Map.of())
            .prepare(
                LaunchShape.of(backend.blocks(capacity, 1, BLOCK), BLOCK),
                whole.samples(),
                whole.users(),
                whole.offsets(),
                whole.items(),
                whole.candidates(),
                whole.live(),
                first,
                capacity,
                whole.shape().candidates(),
                part.samples(),
                part.users(),
                part.offsets(),
                part.items(),
                part.candidates(),
                part.live()));
    backend.note(() -> part.takenOnDevice(whole, first));
  }

  @Override
  public void put(Batch over, int number, Batch from, Tensor rows, Tensor into) {
    BatchParts.checkPut(rows, into);
    CudaBatch whole = backend.own(over);
    CudaBatch part = backend.own(from);
    CudaTensor source = backend.ownKept("batch_parts.put", "rows", rows);
    CudaTensor target = backend.ownKept("batch_parts.put", "into", into);
    int capacity = part.shape().histories();
    int each =
        switch (rows.axis()) {
          case HISTORIES -> 1;
          case CANDIDATES -> whole.shape().candidates();
          default -> 0; // as many as a history has items
        };
    int d = rows.width();
    int access = d % 4 == 0 ? 4 : 1;
    backend.launch(
        backend
            .kernel(STEM, "batch_parts_put", Map.of("D", d, "VECTOR", access))
            .prepare(
                LaunchShape.of(
                    backend.blocks(part.capacity(rows.axis()) * d / access, BLOCK, BLOCK), BLOCK),
                whole.offsets(),
                whole.live(),
                Math.multiplyExact(number, capacity),
                capacity,
                each,
                source.buffer(),
                target.buffer()));
  }

  @Override
  public void add(int number, Tensor sum, Tensor total) {
    BatchParts.checkAdd(sum, total);
    int size = sum.size();
    if (size == 0) {
      return;
    }
    backend.launch(
        backend
            .kernel(STEM, "batch_parts_add", Map.of())
            .prepare(
                LaunchShape.of(backend.blocks(size, BLOCK, BLOCK), BLOCK),
                backend.own(sum).buffer(),
                number == 0 ? 0 : 1,
                size,
                backend.own(total).buffer()));
  }
}
