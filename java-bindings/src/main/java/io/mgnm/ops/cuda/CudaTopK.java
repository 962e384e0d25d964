package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.ElementType;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Batch;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;

/**
 * Launches {@code top_k.cu}, whose header says how. A target that is no row of the table, which
 * only the device sees, gives counts of -1.
 */
final class CudaTopK implements TopK {
  private static final String STEM = "top_k";
  private static final int BLOCK = 128;

  private final CudaBackend backend;
  private final Options options;

  CudaTopK(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void best(
      Batch batch,
      Tensor interests,
      Tensor items,
      RaggedIds excluded,
      int k,
      IntTensor ids,
      Tensor scores) {
    TopK.checkBest(batch, interests, items, k, ids, scores);
    CudaBatch histories = backend.own(batch);
    CudaTensor q = backend.ownKept("top_k.best", "q", interests);
    CudaTensor table = backend.own(items);
    CudaRaggedIds without = backend.own(excluded);
    DeviceBuffer bestIds = backend.own(ids).buffer();
    CudaTensor bestScores = backend.ownKept("top_k.best", "scores", scores);
    int count = batch.shape().histories();
    if (count == 0) {
      return;
    }
    CatalogueCut cut = CatalogueCut.of(batch.shape(), options, table, k, backend.device());
    DeviceBuffer keys =
        histories.scratch(
            "top_k: keys", ElementType.INT64, (long) count * cut.parts() * cut.room());
    backend.launch(
        kernel("candidates", cut)
            .prepare(
                shape(count, cut),
                q.buffer(),
                table.buffer(),
                table.rows(),
                without.offsets(),
                without.ids(),
                histories.live(),
                keys,
                k,
                cut.room(),
                cut.chunk()));
    backend.launch(
        kernel("merge", cut)
            .prepare(
                LaunchShape.of(count, BLOCK),
                keys,
                histories.live(),
                cut.parts(),
                k,
                cut.room(),
                bestIds,
                bestScores.buffer()));
  }

  @Override
  public void rank(
      Batch batch,
      Tensor interests,
      Tensor items,
      RaggedIds excluded,
      IntTensor targets,
      IntTensor counts) {
    TopK.checkRank(batch, interests, items, targets, counts);
    CudaBatch histories = backend.own(batch);
    CudaTensor q = backend.ownKept("top_k.rank", "q", interests);
    CudaTensor table = backend.own(items);
    CudaRaggedIds without = backend.own(excluded);
    DeviceBuffer target = backend.own(targets).buffer();
    DeviceBuffer result = backend.own(counts).buffer();
    int count = batch.shape().histories();
    if (count == 0) {
      return;
    }
    CatalogueCut cut = CatalogueCut.of(batch.shape(), options, table, 1, backend.device());
    DeviceBuffer partials =
        histories.scratch("top_k: counts", ElementType.INT32, 3L * count * cut.parts());
    backend.launch(
        kernel("compare", cut)
            .prepare(
                shape(count, cut),
                q.buffer(),
                table.buffer(),
                table.rows(),
                without.offsets(),
                without.ids(),
                target,
                histories.live(),
                partials,
                cut.chunk()));
    int blocks = backend.blocks(3L * count, BLOCK, BLOCK);
    backend.launch(
        kernel("add", cut)
            .prepare(
                LaunchShape.of(blocks, BLOCK),
                partials,
                target,
                histories.live(),
                table.rows(),
                cut.parts(),
                result));
  }

  private CudaKernel kernel(String name, CatalogueCut cut) {
    return backend.kernel(STEM, STEM + "_" + name, cut.constants());
  }

  private static LaunchShape shape(int histories, CatalogueCut cut) {
    int groups = Math.ceilDiv(histories, cut.group());
    return new LaunchShape(groups, cut.parts(), 1, BLOCK, 1, 1, cut.bytes());
  }
}
