package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Map;

/** Launches {@code ranking_loss.cu}, whose header says how. */
final class CudaRankingLoss implements RankingLoss {
  private static final String STEM = "ranking_loss";
  private static final int BLOCK = 256;
  private static final int WARPS_A_BLOCK = BLOCK / 32;
  private static final int TOTAL_BLOCK = 256;

  private final CudaBackend backend;
  private final Options options;

  CudaRankingLoss(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void forward(Batch over, Tensor y, Tensor loss, Tensor dY) {
    RankingLoss.checkForward(options, y, loss, dY);
    CudaBatch batch = backend.own(over);
    int blocks = backend.blocks(batch.capacity(Axis.HISTORIES), WARPS_A_BLOCK, BLOCK);
    backend.launch(
        kernel("ranking_loss_forward")
            .prepare(
                LaunchShape.of(blocks, BLOCK),
                backend.own(y).buffer(),
                backend.own(loss).buffer(),
                backend.own(dY).buffer(),
                batch.live(),
                batch.shape().candidates()));
  }

  @Override
  public void total(Batch over, Tensor loss, Tensor l1, StepState state) {
    RankingLoss.checkTotal(loss, l1);
    CudaBatch batch = backend.own(over);
    backend.launch(
        kernel("ranking_loss_total")
            .prepare(
                LaunchShape.of(1, TOTAL_BLOCK),
                backend.ownKept("ranking_loss.total", "loss", loss).buffer(),
                backend.ownKept("ranking_loss.total", "l1", l1).buffer(),
                batch.live(),
                batch.shape().candidates(),
                backend.own(state).words()));
  }

  private CudaKernel kernel(String name) {
    int softmax = options.form() == Form.SOFTMAX ? 1 : 0;
    return backend.kernel(STEM, name, Map.of("SCORES", options.scores(), "SOFTMAX", softmax));
  }
}
